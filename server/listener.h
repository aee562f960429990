// The one open door: binds, listens, and hands accepted sockets out.
//
// One acceptor and no SO_REUSEPORT: a second server on the same address must fail to start instead
// of taking half of the connections.
//
// Thread safety: Listen before the threads run; Start and Stop on the thread of `io_context`, where
// the callbacks come, too.

#ifndef KUNDIG_SERVER_LISTENER_H_
#define KUNDIG_SERVER_LISTENER_H_

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <string>

#include "engine/result.h"
#include "server/incidents.h"
#include "server/session.h"

namespace kundig::server {

class Listener {
 public:
  // Who gets the next connection: its socket is made for this io_context.
  using ChooseContext = std::function<boost::asio::io_context&()>;
  // Called on the listener's thread; the socket belongs to the context chosen.
  using OnAccepted = std::function<void(Socket)>;

  Listener(boost::asio::io_context* io_context, Incidents* incidents);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // `address` is HOST:PORT, [IPV6]:PORT; port 0 takes a free one. From here on the kernel takes
  // connections, which wait until Start. Error: kInvalidValue with the field `listen` and a
  // sentence for the operator.
  engine::Result<void> Listen(const std::string& address);
  // HOST:PORT as bound.
  std::string address() const;

  void Start(ChooseContext choose, OnAccepted on_accepted);
  void Stop();

 private:
  void Accept();
  void OnAccept(const boost::system::error_code& error, Socket socket);

  boost::asio::io_context* const io_context_;
  Incidents* const incidents_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
  ChooseContext choose_;
  OnAccepted on_accepted_;
};

}  // namespace kundig::server

#endif  // KUNDIG_SERVER_LISTENER_H_
