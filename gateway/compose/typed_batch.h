// Steps with `each` and `batch` of generated code: many elements of a list in one call.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gateway/base/task.h"
#include "gateway/compose/typed_each.h"
#include "gateway/contract/method_name.h"

namespace frontdesk::compose {

// Elements are asked for by their keys, each once; one without a key is not asked for, and fails.
class BatchesStep : public ElementsStep {
 public:
  // Makes the calls, as many at once as may be, and awaits them. Results are matched to elements by
  // their keys: they may come in any order, doubled (the first counts) or not at all.
  Task<void> AskAll(const contract::MethodName& method);

 protected:
  using ElementsStep::ElementsStep;

  // Of one call, those with a key among [begin, end) of calls_.
  struct Keys {
    size_t begin = 0;
    size_t end = 0;
  };
  // When all elements are here; none if they are too many.
  const std::vector<Keys>& Divide();

  // Makes the requests if nobody has done so.
  virtual void Prepare() = 0;
  virtual std::string Request(size_t batch) const = 0;
  // Not OK: the call is not to be made.
  virtual const absl::Status& Refusal(size_t batch) const = 0;
  // The field of the reply that has the results.
  virtual uint32_t results() const = 0;
  // Reads a result and its key; false when it is no message, and then the key is that of what was
  // read. Keep() takes it as the answer of a call.
  virtual bool ReadResult(std::string_view bytes, std::string& key) = 0;
  virtual void Keep(size_t call) = 0;

 private:
  static internal::Detached RunLane(BatchesStep* self, const contract::MethodName* method);
  // Fails what is not asked for.
  void Exclude(const contract::MethodName& method);
  void Finish(const Keys& keys, const contract::MethodName& method,
              const absl::StatusOr<upstream::UnaryReply>& reply);
  absl::Status ReadResults(const Keys& keys, const contract::MethodName& method,
                           std::string_view reply);

  std::vector<Keys> batches_;
  bool divided_ = false;
  std::vector<bool> answered_;  // by call: a result was found
  size_t next_ = 0;             // the first of batches_ that nobody has taken
};

// Keys as bytes, which are equal when the keys are.
inline void AppendKey(std::string& out, const std::string& key) { out += key; }
template <class Number>
requires std::is_arithmetic_v<Number> || std::is_enum_v<Number>
void AppendKey(std::string& out, Number key) {
  out.append(reinterpret_cast<const char*>(&key), sizeof key);
}
template <class Key>
void AppendKey(std::string& out, const std::optional<Key>& key) {
  if (key) AppendKey(out, *key);
}

// `How` is what the generated code says about the call:
//   Key, Request, Reply, Result  types: of a key, of the call, of one of its results
//   kResults                     the number of the reply's field that has the results
//   AddKey(key, request)         adds a key to a request
//   KeyOf(result)                the key of a result, or an optional one
template <class How>
class BatchStep final : public EachStep<typename How::Result, BatchesStep> {
 public:
  using Key = typename How::Key;
  using EachStep<typename How::Result, BatchesStep>::EachStep;

  // Of the next element. No key, or an empty one, is none.
  void AddKey(const Key& key) { Add(key, key); }
  void AddKey(const std::optional<Key>& key) { Add(key, key.value_or(Key())); }

  // A call, whose request has its keys; whatever else it needs is filled in by who makes them.
  struct Batch {
    typename How::Request ask;
    absl::Status status;  // not OK: it has failed without a call
  };
  // When all keys are here.
  std::vector<Batch>& Batches() {
    Prepare();
    return batches_;
  }

 private:
  using EachStep<typename How::Result, BatchesStep>::calls_;

  template <class Maybe>
  void Add(const Maybe& maybe, const Key& key) {
    ElementsStep::Call* const call = this->Next();
    if (!call) return;
    AppendKey(this->asked_, maybe);
    call->size = this->asked_.size() - call->begin;
    keys_.push_back(key);
  }
  void Prepare() override {
    if (prepared_) return;
    prepared_ = true;
    for (const BatchesStep::Keys& keys : this->Divide()) {
      Batch& batch = batches_.emplace_back();
      for (size_t call = keys.begin; call < keys.end; ++call) {
        if (calls_[call].size > 0) How::AddKey(keys_[calls_[call].element], batch.ask);
      }
    }
  }
  std::string Request(size_t batch) const override {
    return upstream::Serialise(batches_[batch].ask);
  }
  const absl::Status& Refusal(size_t batch) const override { return batches_[batch].status; }
  uint32_t results() const override { return How::kResults; }
  bool ReadResult(std::string_view bytes, std::string& key) override {
    const bool read = result_.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size()));
    AppendKey(key, How::KeyOf(result_));
    return read;
  }
  void Keep(size_t call) override { this->reply(call) = std::move(result_); }
  std::string type() const override { return typename How::Reply().GetTypeName(); }

  std::vector<Key> keys_;  // by element
  bool prepared_ = false;
  std::vector<Batch> batches_;
  typename How::Result& result_ = *this->template New<typename How::Result>();
};

}  // namespace frontdesk::compose
