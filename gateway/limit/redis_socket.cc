#include "gateway/limit/redis_socket.h"

#include <hiredis/async.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <utility>

#include "gateway/base/text.h"

namespace frontdesk::limit {
namespace {

RedisReply ToReply(const redisReply* from) {
  RedisReply reply;
  const std::string_view text = from->str ? std::string_view(from->str, from->len) : "";
  switch (from->type) {
    case REDIS_REPLY_ERROR:
      reply.error = text.empty() ? "ERR" : text;
      break;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      reply.text = text;
      break;
    case REDIS_REPLY_INTEGER:
      reply.integers.push_back(from->integer);
      break;
    case REDIS_REPLY_ARRAY:
      for (size_t i = 0; i < from->elements; ++i) {
        const redisReply* const element = from->element[i];
        if (element->type != REDIS_REPLY_INTEGER)
          reply.error = "a list of other things than numbers";
        reply.integers.push_back(element->integer);
      }
      break;
    default:
      break;  // nil
  }
  return reply;
}

}  // namespace

// Owns hiredis' context and waits for its descriptor. Handlers that wait keep it alive behind the
// socket; hiredis calls back into it, and frees the context by itself when the connection ends.
class RedisSocket::Adapter final : public std::enable_shared_from_this<Adapter>, private Flushable {
 public:
  Adapter(Loop& loop, std::function<void()> connected,
          std::function<void(const std::string&)> closed)
      : loop_(loop),
        descriptor_(loop.io()),
        connected_(std::move(connected)),
        closed_(std::move(closed)) {}
  ~Adapter() override { Detach(); }

  void Connect(const std::string& host, uint16_t port) {
    context_ = redisAsyncConnect(host.c_str(), port);
    if (!context_) return FailSoon("no memory");
    if (context_->err) {
      const std::string why = context_->errstr;
      redisAsyncFree(std::exchange(context_, nullptr));
      return FailSoon(why);
    }
    boost::system::error_code error;
    descriptor_.assign(context_->c.fd, error);
    if (error) {
      redisAsyncFree(std::exchange(context_, nullptr));
      return FailSoon(error.message());
    }
    context_->data = this;
    context_->ev.data = this;
    context_->ev.addRead = [](void* self) { Self(self).WantRead(true); };
    context_->ev.delRead = [](void* self) { Self(self).WantRead(false); };
    context_->ev.addWrite = [](void* self) { Self(self).WantWrite(true); };
    context_->ev.delWrite = [](void* self) { Self(self).WantWrite(false); };
    context_->ev.cleanup = [](void* self) { Self(self).OnCleanup(); };
    redisAsyncSetConnectCallback(context_, [](const redisAsyncContext* context, int status) {
      if (status == REDIS_OK && context->data) Self(context->data).OnConnected();
    });
    WantWrite(true);  // which says that it is connected
  }

  void Send(const std::vector<std::string>& words, OnReply reply) {
    std::vector<const char*> texts;
    std::vector<size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    if (context_) {
      auto own = std::make_unique<OnReply>(std::move(reply));
      const int sent =
          redisAsyncCommandArgv(context_, OnCommand, own.get(), static_cast<int>(words.size()),
                                texts.data(), sizes.data());
      if (sent == REDIS_OK) return static_cast<void>(own.release());
      reply = std::move(*own);
    }
    loop_.Post([reply = std::move(reply)] { reply({.error = "the connection has ended"}); });
  }

  void Close(const std::string& why) {
    if (!context_) return;
    why_ = why;
    // Calls back for every command, then cleans up; later, when it is calling back now.
    redisAsyncFree(context_);
  }

  // Nobody wants to know any more.
  void Detach() {
    connected_ = nullptr;
    closed_ = nullptr;
    if (context_) redisAsyncFree(context_);
  }

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  struct Direction {
    bool wanted = false;
    bool waiting = false;
  };

  static Adapter& Self(void* self) { return *static_cast<Adapter*>(self); }

  static void OnCommand(redisAsyncContext* context, void* reply, void* own) {
    const std::unique_ptr<OnReply> on_reply(static_cast<OnReply*>(own));
    if (reply) return (*on_reply)(ToReply(static_cast<const redisReply*>(reply)));
    (*on_reply)({.error = Self(context->data).WhyEnded()});
  }

  std::string WhyEnded() const {
    if (!why_.empty()) return why_;
    return context_->err ? context_->errstr : "the connection was closed";
  }

  void OnConnected() {
    is_connected_ = true;
    if (connected_) std::exchange(connected_, nullptr)();
  }

  // The context ends with this; so does its descriptor, which hiredis closes.
  void OnCleanup() {
    const std::string why = WhyEnded();
    context_ = nullptr;
    read_.wanted = write_.wanted = false;
    if (descriptor_.is_open()) descriptor_.release();
    if (closed_) FailSoon(why);
  }

  void FailSoon(const std::string& why) {
    loop_.Post([self = weak_from_this(), why] {
      const std::shared_ptr<Adapter> adapter = self.lock();
      if (adapter && adapter->closed_) std::exchange(adapter->closed_, nullptr)(why);
    });
  }

  void WantRead(bool wanted) {
    read_.wanted = wanted;
    if (wanted) Wait(read_, Descriptor::wait_read);
  }

  // Once per turn what was asked for is written together; only what the socket does not take, and
  // the end of connecting, is waited for.
  void WantWrite(bool wanted) {
    write_.wanted = wanted;
    if (!wanted) return;
    if (is_connected_ && !flushing_) return loop_.FlushSoon(*this);
    Wait(write_, Descriptor::wait_write);
  }

  void Flush() override {
    if (!context_ || !write_.wanted || write_.waiting) return;
    const std::shared_ptr<Adapter> self = shared_from_this();
    flushing_ = true;
    redisAsyncHandleWrite(context_);
    flushing_ = false;
  }

  void Wait(Direction& direction, Descriptor::wait_type type) {
    if (!context_ || !direction.wanted || direction.waiting) return;
    direction.waiting = true;
    descriptor_.async_wait(type, [self = shared_from_this(), &direction,
                                  type](const boost::system::error_code& error) {
      direction.waiting = false;
      if (!error) self->OnReady(direction, type);
    });
  }

  void OnReady(Direction& direction, Descriptor::wait_type type) {
    if (!context_ || !direction.wanted) return;
    if (type == Descriptor::wait_read) {
      redisAsyncHandleRead(context_);
    } else {
      flushing_ = true;
      redisAsyncHandleWrite(context_);
      flushing_ = false;
    }
    Wait(direction, type);  // unless that ended it
  }

  Loop& loop_;
  redisAsyncContext* context_ = nullptr;  // null once it has ended
  Descriptor descriptor_;
  std::function<void()> connected_;
  std::function<void(const std::string&)> closed_;
  std::string why_;
  bool is_connected_ = false;
  bool flushing_ = false;
  Direction read_;
  Direction write_;
};

RedisSocket::RedisSocket(Loop& loop, const std::string& host, uint16_t port,
                         std::function<void()> connected,
                         std::function<void(const std::string&)> closed)
    : adapter_(std::make_shared<Adapter>(loop, std::move(connected), std::move(closed))) {
  adapter_->Connect(host, port);
}

RedisSocket::~RedisSocket() { adapter_->Detach(); }

void RedisSocket::Send(const std::vector<std::string>& words, OnReply reply) {
  adapter_->Send(words, std::move(reply));
}

void RedisSocket::Close(const std::string& why) { adapter_->Close(why); }

}  // namespace frontdesk::limit
