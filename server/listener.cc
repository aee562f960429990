#include "server/listener.h"

#include <boost/asio/error.hpp>

#include <charconv>
#include <cstdint>
#include <utility>

#include "server/limits.h"

namespace kundig::server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

engine::Error CannotListen(const std::string& message) {
  return engine::Error{.code = engine::ErrorCode::kInvalidValue,
                       .message = message,
                       .field = "listen",
                       .position = {}};
}

struct HostAndPort {
  std::string host, port;
};

// The resolver would take the lower 16 bits of a larger number.
bool IsPort(const std::string& text) {
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped_at, error] = std::from_chars(text.data(), end, port);
  return error == std::errc() && stopped_at == end;
}

engine::Result<HostAndPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0 || !IsPort(address.substr(colon + 1))) {
    return CannotListen("Cannot listen on \"" + address +
                        "\": expected HOST:PORT, such as 127.0.0.1:7400.");
  }
  HostAndPort split{address.substr(0, colon), address.substr(colon + 1)};
  if (split.host.front() == '[' && split.host.back() == ']') {
    split.host = split.host.substr(1, split.host.size() - 2);
  } else if (split.host.find(':') != std::string::npos) {
    return CannotListen("Cannot listen on \"" + address +
                        "\": write an IPv6 address in brackets, such as [::1]:7400.");
  }
  return split;
}

}  // namespace

Listener::Listener(asio::io_context* io_context, Incidents* incidents)
    : io_context_(io_context), incidents_(incidents), acceptor_(*io_context), pause_(*io_context) {}

engine::Result<void> Listener::Listen(const std::string& address) {
  const engine::Result<HostAndPort> split = Split(address);
  if (!split) return split.error();
  boost::system::error_code error;
  tcp::resolver resolver(*io_context_);
  const auto found = resolver.resolve(
      split->host, split->port, tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) {
    return CannotListen("Cannot listen on \"" + address +
                        "\": " + (error ? error.message() : "no such address") +
                        "; expected HOST:PORT, such as 127.0.0.1:7400.");
  }
  const tcp::endpoint endpoint = *found.begin();
  acceptor_.open(endpoint.protocol(), error);
  // A restart must not wait for the old connections' TIME_WAIT; an address that somebody listens on
  // is refused all the same.
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kListenBacklog, error);
  if (!error) return {};
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  if (error == asio::error::address_in_use) {
    return CannotListen("Cannot listen on " + address +
                        ": another program listens there; stop it or choose another address with "
                        "--listen.");
  }
  return CannotListen("Cannot listen on " + address + ": " + error.message() +
                      "; choose another address with --listen.");
}

std::string Listener::address() const {
  boost::system::error_code error;
  const tcp::endpoint endpoint = acceptor_.local_endpoint(error);
  if (error) return {};
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

void Listener::Start(ChooseContext choose, OnAccepted on_accepted) {
  choose_ = std::move(choose);
  on_accepted_ = std::move(on_accepted);
  Accept();
}

void Listener::Stop() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void Listener::Accept() {
  acceptor_.async_accept(choose_(), [this](const boost::system::error_code& error, Socket socket) {
    OnAccept(error, std::move(socket));
  });
}

void Listener::OnAccept(const boost::system::error_code& error, Socket socket) {
  if (!acceptor_.is_open()) return;
  if (!error) {
    on_accepted_(std::move(socket));
    Accept();
    return;
  }
  if (error == asio::error::connection_aborted) {
    // That client has left before it was its turn.
    Accept();
    return;
  }
  incidents_->Report(Incident::kAcceptFailed, {{"reason", error.message()}});
  pause_.expires_after(kAcceptPause);
  pause_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled && acceptor_.is_open()) Accept();
  });
}

}  // namespace kundig::server
