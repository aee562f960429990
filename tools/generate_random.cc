#include "tools/generate_random.h"

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/gamma_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include <cmath>
#include <numeric>

namespace kundig::tools {

namespace {

uint64_t Mix(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

constexpr uint64_t kStep = 0x9e3779b97f4a7c15;

}  // namespace

RandomStream::RandomStream(uint64_t seed, Purpose purpose, uint64_t number)
    : counter_(Mix(Mix(Mix(seed + kStep) + static_cast<uint64_t>(purpose) * kStep) + number)) {}

uint64_t RandomStream::operator()() {
  counter_ += kStep;
  return Mix(counter_);
}

double RandomStream::Uniform() {
  return static_cast<double>((*this)() >> 11) * 0x1.0p-53;
}

bool RandomStream::Chance(double probability) {
  return Uniform() < probability;
}

int64_t RandomStream::Between(int64_t least, int64_t most) {
  return boost::random::uniform_int_distribution<int64_t>(least, most)(*this);
}

double RandomStream::Normal(double mean, double deviation) {
  return boost::random::normal_distribution<double>(mean, deviation)(*this);
}

double RandomStream::LogNormal(double median, double deviation) {
  return median * std::exp(Normal(0, deviation));
}

double RandomStream::Exponential(double rate) {
  return boost::random::exponential_distribution<double>(rate)(*this);
}

double RandomStream::Gamma(double shape, double rate) {
  return boost::random::gamma_distribution<double>(shape, 1 / rate)(*this);
}

size_t RandomStream::Pick(std::span<const int> weights) {
  int64_t left = Between(0, std::accumulate(weights.begin(), weights.end(), int64_t{0}) - 1);
  size_t place = 0;
  while (left >= weights[place]) left -= weights[place++];
  return place;
}

}  // namespace kundig::tools
