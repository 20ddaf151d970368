// Steps with `batch`: one call for many elements of a list.
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/text.h"
#include "gateway/compose/execution.h"
#include "gateway/compose/limits.h"
#include "gateway/compose/scalar.h"
#include "gateway/contract/wire.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {
namespace {

using contract::Field;
using contract::FieldType;
using contract::PlanBatch;
using contract::PlanStep;
using contract::WireField;
using contract::WireReader;
using contract::WireType;

bool IsText(FieldType type) { return type == FieldType::kString || type == FieldType::kBytes; }

// The key of a result, as AddKey() writes those of elements; "" when it has none. False if it is no
// message.
bool ReadKey(const Field& match, std::string_view result, std::string& key) {
  const WireType type = contract::WireTypeOf(match.type);
  std::string_view last;
  bool there = !match.has_presence && !IsText(match.type);
  WireReader wire(result);
  while (wire.Next()) {
    const WireField& found = wire.field();
    if (found.number != match.number || found.type != type) continue;
    last = found.bytes;
    there = true;
  }
  key.clear();
  if (IsText(match.type)) {
    key = last;
  } else if (there) {
    const uint64_t number = last.empty() ? 0 : DecodeScalar(match.type, last);
    EncodeScalar(match.type, match.type, number, key);
  }
  return !wire.failed();
}

}  // namespace

// The bytes of a value of the repeated field, without a tag.
void Execution::AddKey(const PlanStep& step, uint32_t element, EachCalls& each) {
  const contract::Write& write = step.batch->key;
  EachCalls::Call& call = each.calls.emplace_back();
  call.begin = each.requests.size();
  call.element = each.calls.size() - 1;
  const Slots::Value* const value = known_.slots.First(element + write.source.slot);
  if (write.kind == contract::Write::Kind::kText) {
    if (value) each.requests += value->bytes;
  } else if (value || !write.source.field->has_presence) {
    const FieldType from = write.source.field->type;
    uint64_t number = value ? DecodeScalar(from, value->bytes) : 0;
    const bool is_enum = write.target->type == FieldType::kEnum;
    if (!is_enum || MapEnumNumber(write.enum_map, *write.target->enumeration, number)) {
      EncodeScalar(from, write.target->type, number, each.requests);
    }
  }
  call.size = each.requests.size() - call.begin;
}

absl::StatusOr<size_t> Execution::PrepareBatches(const PlanStep& step, EachCalls& each) const {
  size_t keys = 0;
  for (EachCalls::Call& call : each.calls) {
    if (call.size > 0) {
      ++keys;
      continue;
    }
    call.status = NoResult(*step.batch->method, step.id);
    if (step.on_error == PlanStep::OnError::kFail) return call.status;
  }
  return (keys + step.batch->max_keys - 1) / step.batch->max_keys;
}

Execution::BatchCall Execution::NextBatch(const PlanStep& step, EachCalls& each) {
  const PlanBatch& batch = *step.batch;
  const Field& field = *batch.key.target;
  const bool text = IsText(field.type);
  BatchCall next;
  next.begin = each.next;
  std::string keys;
  for (size_t count = 0; each.next < each.calls.size() && count < batch.max_keys; ++each.next) {
    const EachCalls::Call& call = each.calls[each.next];
    if (call.size == 0) continue;
    ++count;
    if (!field.packed) contract::AppendTag(keys, field.number, contract::WireTypeOf(field.type));
    if (text) contract::AppendVarint(keys, call.size);
    keys.append(each.requests, call.begin, call.size);
  }
  next.end = each.next;
  if (keys.empty()) return next;
  Assembler assembler(known_, next.request);
  assembler.Write(batch.before_keys, 0);
  if (field.packed) {
    contract::AppendTag(next.request, field.number, WireType::kBytes);
    contract::AppendVarint(next.request, keys.size());
  }
  next.request += keys;
  assembler.Write(batch.after_keys, 0);
  return next;
}

internal::Detached Execution::RunBatches(Execution* self, size_t index) {
  const PlanStep& step = self->plan_.steps[index];
  EachCalls& each = *self->steps_[index].each;
  while (!self->stopped()) {
    const BatchCall batch = self->NextBatch(step, each);
    if (batch.request.empty()) break;
    upstream::CallOptions options = self->OptionsFor(step, each);
    std::string key;
    if (self->has_keys()) {
      key = upstream::KeyFor(self->context_,
                             Cat(step.id, '[', each.calls[batch.begin].element, "] batch"));
    }
    options.idempotency_key = key;
    upstream::CallContext& context = self->ContextFor(step);
    Reply reply =
        co_await self->caller_.Unary(context, *step.batch->method, batch.request, options);
    self->FinishBatch(index, batch, std::move(reply));
  }
  if (--each.lanes == 0) self->FinishEach(index);
  self->Leave();
}

void Execution::FinishBatch(size_t index, const BatchCall& batch, Reply reply) {
  const PlanStep& step = plan_.steps[index];
  EachCalls& each = *steps_[index].each;
  absl::Status status = reply.status();
  if (reply.ok()) {
    each.calls[batch.begin].reply = *std::move(reply);  // views into it stay
    status = Count(each.calls[batch.begin].reply.message.size());
    if (status.ok()) status = ReadResults(step, each, batch);
  }
  const bool must = step.on_error == PlanStep::OnError::kFail;
  for (size_t i = batch.begin; i < batch.end; ++i) {
    EachCalls::Call& call = each.calls[i];
    if (call.size == 0) continue;  // was not asked for
    if (!status.ok()) {
      call.status = status;
    } else if (!call.answered) {
      call.status = NoResult(*step.batch->method, step.id);
    }
    if (!call.status.ok() && (must || parent_.cancel.cancelled())) return Fail(call.status);
  }
}

absl::Status Execution::ReadResults(const PlanStep& step, EachCalls& each, const BatchCall& batch) {
  const PlanBatch& how = *step.batch;
  absl::flat_hash_map<absl::string_view, EachCalls::Call*> wanted;
  wanted.reserve(batch.end - batch.begin);
  for (size_t i = batch.begin; i < batch.end; ++i) {
    EachCalls::Call& call = each.calls[i];
    if (call.size > 0) wanted.emplace(Absl(each.requests).substr(call.begin, call.size), &call);
  }
  std::string key;
  WireReader wire(each.calls[batch.begin].reply.message);
  while (wire.Next()) {
    const WireField& found = wire.field();
    if (found.number != how.results->number || found.type != WireType::kBytes) continue;
    if (!ReadKey(*how.match, found.bytes, key)) return NotAMessage(*how.method);
    const auto at = wanted.find(Absl(key));
    if (at == wanted.end() || at->second->answered) continue;  // the first of doubles counts
    EachCalls::Call& call = *at->second;
    call.answered = true;
    call.base = known_.slots.Open(step.reply);
    if (!known_.slots.Read(step.reply, found.bytes, call.base)) {
      call.status = NotAMessage(*how.method);
    }
  }
  return wire.failed() ? NotAMessage(*how.method) : absl::OkStatus();
}

}  // namespace frontdesk::compose
