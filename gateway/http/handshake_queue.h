// Whose turn it is to shake hands: signing takes a processor longer than many requests do, so that
// a crowd of newcomers is let in little by little, between what those inside ask for.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <memory>

#include "gateway/base/loop.h"

namespace frontdesk::http {

// One per worker, on its loop.
class HandshakeQueue final : private Flushable {
 public:
  // Steps of handshakes in one turn of the loop: at most a few milliseconds.
  static constexpr size_t kPerTurn = 4;

  // Ended, it waits no more.
  class Waiter : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
   protected:
    ~Waiter() = default;

   private:
    friend class HandshakeQueue;
    virtual void OnTurn() = 0;
  };

  explicit HandshakeQueue(Loop& loop) : loop_(loop) {}
  ~HandshakeQueue() override { *self_ = nullptr; }

  // True: it may go on now. Otherwise it waits, and is told once when its turn has come.
  bool Admit(Waiter& waiter) {
    if (waiter.is_linked()) return false;
    if (left_ == 0 || !waiting_.empty()) {
      waiting_.push_back(waiter);
      loop_.FlushSoon(*this);
      return false;
    }
    Take();
    return true;
  }
  bool empty() const { return waiting_.empty(); }

 private:
  void Take() {
    --left_;
    loop_.FlushSoon(*this);
  }
  // The end of the turn. Who waits goes on in the next one, beside its other events.
  void Flush() override {
    left_ = kPerTurn;
    if (waiting_.empty()) return;
    boost::asio::post(loop_.io(), [self = self_] {
      if (*self) (*self)->Serve();
    });
  }
  void Serve() {
    while (left_ > 0 && !waiting_.empty()) {
      Waiter& next = waiting_.front();
      waiting_.pop_front();
      Take();
      next.OnTurn();
    }
    if (!waiting_.empty()) loop_.FlushSoon(*this);
  }

  Loop& loop_;
  size_t left_ = kPerTurn;
  // What was posted may outlive the queue.
  const std::shared_ptr<HandshakeQueue*> self_ = std::make_shared<HandshakeQueue*>(this);
  boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiting_;
};

}  // namespace frontdesk::http
