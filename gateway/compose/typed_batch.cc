#include "gateway/compose/typed_batch.h"

#include "absl/container/flat_hash_map.h"
#include "gateway/base/text.h"
#include "gateway/compose/limits.h"
#include "gateway/contract/wire.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {
namespace {

// Whether its fields can be told apart, whatever they say.
bool HasFields(std::string_view message) {
  contract::WireReader wire(message);
  while (wire.Next()) {
  }
  return !wire.failed();
}

}  // namespace

const std::vector<BatchesStep::Keys>& BatchesStep::Divide() {
  if (divided_) return batches_;
  divided_ = true;
  if (!ShareCalls()) return batches_;
  answered_.resize(calls_.size());
  for (size_t call = 0; call < calls_.size();) {
    const size_t begin = call;
    size_t keys = 0;
    for (; call < calls_.size() && keys < options_.max_keys; ++call) {
      if (calls_[call].size > 0) ++keys;
    }
    if (keys > 0) batches_.push_back({begin, call});
  }
  return batches_;
}

void BatchesStep::Exclude(const contract::MethodName& method) {
  for (size_t call = 0; call < calls_.size(); ++call) {
    if (calls_[call].size == 0) FailCall(call, NoResult(method, options_.id));
  }
  for (size_t batch = 0; batch < batches_.size(); ++batch) {
    const absl::Status& refusal = Refusal(batch);
    for (size_t call = batches_[batch].begin; call < batches_[batch].end; ++call) {
      if (!refusal.ok() && calls_[call].size > 0) FailCall(call, refusal);
    }
  }
}

Task<void> BatchesStep::AskAll(const contract::MethodName& method) {
  Prepare();
  if (!ok()) co_return;
  Exclude(method);
  if (run_.stopped()) co_return;
  for (size_t lane = BeginLanes(batches_.size()); lane > 0; --lane) RunLane(this, &method);
  Lanes lanes(*this);
  co_await lanes;
  there_ = !run_.stopped();
}

internal::Detached BatchesStep::RunLane(BatchesStep* self, const contract::MethodName* method) {
  TypedRun& run = self->run_;
  while (self->next_ < self->batches_.size() && !run.stopped()) {
    const size_t batch = self->next_++;
    if (!self->Refusal(batch).ok()) continue;
    const Keys keys = self->batches_[batch];
    upstream::CallOptions options = self->OptionsForNext();
    std::string key;
    if (run.has_keys()) {
      key = upstream::KeyFor(run.context_, Cat(self->PartOf(self->calls_[keys.begin]), " batch"));
    }
    options.idempotency_key = key;
    const std::string request = self->Request(batch);
    absl::StatusOr<upstream::UnaryReply> reply =
        co_await run.caller_.Unary(self->context(), *method, request, options);
    self->Finish(keys, *method, reply);
  }
  self->EndLane();
}

void BatchesStep::Finish(const Keys& keys, const contract::MethodName& method,
                         const absl::StatusOr<upstream::UnaryReply>& reply) {
  absl::Status status = reply.status();
  if (reply.ok()) {
    status = run_.Count(reply->message.size());
    if (status.ok()) status = ReadResults(keys, method, reply->message);
  }
  for (size_t call = keys.begin; call < keys.end; ++call) {
    if (calls_[call].size == 0) continue;  // was not asked for
    if (!status.ok()) {
      FailCall(call, status);
    } else if (!answered_[call]) {
      FailCall(call, NoResult(method, options_.id));
    } else if (!calls_[call].status.ok()) {
      FailCall(call, calls_[call].status);
    }
  }
}

absl::Status BatchesStep::ReadResults(const Keys& keys, const contract::MethodName& method,
                                      std::string_view reply) {
  absl::flat_hash_map<absl::string_view, size_t> wanted;
  wanted.reserve(keys.end - keys.begin);
  for (size_t call = keys.begin; call < keys.end; ++call) {
    if (calls_[call].size > 0) wanted.emplace(Absl(asked(calls_[call])), call);
  }
  std::string key;
  contract::WireReader wire(reply);
  while (wire.Next()) {
    const contract::WireField& found = wire.field();
    if (found.number != results() || found.type != contract::WireType::kBytes) continue;
    if (!HasFields(found.bytes)) return upstream::NotAMessage(method, type());
    key.clear();
    const bool read = ReadResult(found.bytes, key);
    const auto at = wanted.find(Absl(key));
    if (at == wanted.end() || answered_[at->second]) continue;
    answered_[at->second] = true;
    if (read) {
      Keep(at->second);
    } else {
      calls_[at->second].status = upstream::NotAMessage(method, type());
    }
  }
  return wire.failed() ? upstream::NotAMessage(method, type()) : absl::OkStatus();
}

}  // namespace frontdesk::compose
