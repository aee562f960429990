// A whole server: book, handler and network, started and stopped in order.
//
// kundigd runs one; tests run it inside their own process.
//
// Thread safety: Start and Stop by one thread; CutOff from any thread, between them and during
// Stop.

#ifndef KUNDIG_SERVER_SERVER_H_
#define KUNDIG_SERVER_SERVER_H_

#include <chrono>
#include <memory>
#include <string>

#include "engine/result.h"
#include "server/configuration.h"
#include "server/limits.h"

namespace kundig::server {

class Server {
 public:
  explicit Server(Configuration configuration);
  ~Server();  // as Stop
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes the address, makes an empty book, answers, and writes the address file, in this order.
  // Error: a sentence for the operator; the server is of no further use then.
  engine::Result<void> Start();
  // HOST:PORT in use, after Start.
  std::string address() const;

  // Puts the rules of the configuration as it is now in force, or logs why not. Between Start and
  // Stop.
  void ReadConfigurationAgain();

  // Takes no new connections, answers what is in flight and ends everything, at the latest after
  // `drain_timeout`. Whether everything in flight was answered.
  bool Stop(std::chrono::milliseconds drain_timeout = kDrainTimeout);
  // Ends a Stop without waiting for answers.
  void CutOff();
  // From any thread while Start runs, which then gives up where it can (kStopping).
  void GiveUpStarting();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_SERVER_H_
