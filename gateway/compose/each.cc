// Steps with `each`: one call per element of a list.
#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "gateway/base/text.h"
#include "gateway/compose/condition.h"
#include "gateway/compose/execution.h"
#include "gateway/compose/limits.h"
#include "gateway/compose/map_entries.h"
#include "gateway/contract/wire.h"
#include "gateway/upstream/idempotency_key.h"

namespace frontdesk::compose {

using contract::PlanStep;

void Execution::BeginEach(size_t index) {
  const PlanStep& step = plan_.steps[index];
  steps_[index].each = std::make_unique<EachCalls>();
  EachCalls& each = *steps_[index].each;
  GatherElements(step, each);
  if (each.calls.size() > options_.max_elements) {
    const size_t length = each.calls.size();
    steps_[index].each.reset();
    const bool of_request = step.list.root == contract::Source::Root::kRequest;
    return Settle(index, EachTooLong(step.id, length, of_request, options_));
  }
  ShareEqualCalls(each);
  if (step.timeout != std::chrono::nanoseconds::max()) {
    each.deadline = parent_.loop.Now() + step.timeout;
  }
  absl::StatusOr<size_t> calls = each.calls.size();
  if (step.batch) calls = PrepareBatches(step, each);
  if (!calls.ok()) return Settle(index, std::move(calls).status());
  each.lanes = std::min<size_t>(step.max_parallel, *calls);
  if (each.lanes == 0) return FinishEach(index);
  running_ += each.lanes;
  // `each` stays as long as the execution, but its `lanes` may be done before all have begun.
  for (size_t lane = each.lanes; lane > 0; --lane) {
    if (step.batch) {
      RunBatches(this, index);
    } else {
      RunLane(this, index);
    }
  }
}

// Stops one above the limit.
void Execution::GatherElements(const PlanStep& step, EachCalls& each) {
  const contract::Source& source = step.list;
  const bool message = !step.element.nodes.empty();
  const bool pieces = source.list && !(source.field && source.field->repeated);
  std::vector<uint32_t> bases;
  if (source.list) {
    bases = known_.steps[source.step].elements;
  } else if (source.root == contract::Source::Root::kRequest) {
    bases.push_back(known_.request);
  } else {
    bases.push_back(known_.steps[source.step].base);
  }
  const bool map = source.field && source.field->map;
  for (uint32_t base : bases) {
    const Slots::Value* value = known_.slots.First(base + source.slot);
    if (map) {
      AddEntries(step, base + source.slot, each);
      if (each.calls.size() > options_.max_elements) return;
      continue;
    }
    if (pieces && message) {
      AddElement(step, value, false, each);
      if (each.calls.size() > options_.max_elements) return;
      continue;
    }
    // A scalar that is not there is no element.
    if (pieces && !HasValue(*source.field, value)) continue;
    while (value) {
      const uint32_t next = value->next;
      if (message || !value->packed) {
        AddElement(step, value, true, each);
      } else {
        AddScalarElements(step, *value, each);
      }
      if (each.calls.size() > options_.max_elements) return;
      value = known_.slots.At(next);
    }
  }
}

void Execution::AddEntries(const PlanStep& step, uint32_t slot, EachCalls& each) {
  const contract::MessageTable& type = *step.list.field->message;
  const std::string absent = DefaultEntry(type);
  for (const std::string_view entry : EntriesByKey(type, known_.slots, slot)) {
    const Slots::Mark mark = known_.slots.Here();
    AddRequest(step, ReadEntry(step.element, absent, entry, known_.slots), each);
    known_.slots.Rewind(mark);
    if (each.calls.size() > options_.max_elements) return;
  }
}

void Execution::AddElement(const PlanStep& step, const Slots::Value* pieces, bool only_first,
                           EachCalls& each) {
  const Slots::Mark mark = known_.slots.Here();
  const uint32_t element = known_.slots.Open(step.element);
  for (const Slots::Value* piece = pieces; piece;) {
    const uint32_t next = only_first ? 0 : piece->next;
    const std::string_view bytes = piece->bytes;
    // What it is part of was found well formed when it came.
    known_.slots.Read(step.element, bytes, element);
    piece = known_.slots.At(next);
  }
  AddRequest(step, element, each);
  known_.slots.Rewind(mark);
}

void Execution::AddScalarElements(const PlanStep& step, const Slots::Value& value,
                                  EachCalls& each) {
  const std::string_view bytes = value.bytes;  // reading moves `value`
  const contract::WireType type = contract::WireTypeOf(step.list.field->type);
  const char* position = bytes.data();
  const char* const end = position + bytes.size();
  while (position != end && each.calls.size() <= options_.max_elements) {
    const char* const begin = position;
    if (type == contract::WireType::kVarint) {
      uint64_t ignored;
      contract::ReadVarint(position, end, ignored);
    } else {
      position += type == contract::WireType::kFixed64 ? 8 : 4;
    }
    const Slots::Mark mark = known_.slots.Here();
    const uint32_t element = known_.slots.Open(step.element);
    known_.slots.Read(step.element, {begin, static_cast<size_t>(position - begin)}, element);
    AddRequest(step, element, each);
    known_.slots.Rewind(mark);
  }
}

void Execution::AddRequest(const PlanStep& step, uint32_t element, EachCalls& each) {
  if (step.batch) return AddKey(step, element, each);
  EachCalls::Call& call = each.calls.emplace_back();
  call.begin = each.requests.size();
  Assembler(known_, each.requests).Write(step.request, element);
  call.size = each.requests.size() - call.begin;
  call.element = each.calls.size() - 1;
  if (step.undo) Assembler(known_, call.undo).Write(step.undo->request, element);
}

void Execution::ShareEqualCalls(EachCalls& each) {
  absl::flat_hash_map<absl::string_view, uint32_t> seen;
  seen.reserve(each.calls.size());
  each.call_of.reserve(each.calls.size());
  size_t kept = 0;
  for (size_t i = 0; i < each.calls.size(); ++i) {
    const EachCalls::Call& call = each.calls[i];
    const absl::string_view request(each.requests.data() + call.begin, call.size);
    const auto [at, fresh] = seen.try_emplace(request, static_cast<uint32_t>(kept));
    each.call_of.push_back(at->second);
    if (!fresh) continue;
    if (kept != i) each.calls[kept] = std::move(each.calls[i]);
    ++kept;
  }
  each.calls.resize(kept);
}

// The time of an `each` is that of all its calls together.
upstream::CallOptions Execution::OptionsFor(const PlanStep& step, const EachCalls& each) const {
  upstream::CallOptions options = OptionsFor(step);
  if (each.deadline != TimePoint::max()) {
    // At the deadline the caller says so itself, without a call.
    options.whole = options.timeout;
    options.timeout = std::max<Duration>(each.deadline - parent_.loop.Now(), Duration::zero());
  }
  return options;
}

internal::Detached Execution::RunLane(Execution* self, size_t index) {
  const PlanStep& step = self->plan_.steps[index];
  EachCalls& each = *self->steps_[index].each;
  while (each.next < each.calls.size() && !self->stopped()) {
    EachCalls::Call& call = each.calls[each.next++];
    upstream::CallOptions options = self->OptionsFor(step, each);
    const std::string_view request = std::string_view(each.requests).substr(call.begin, call.size);
    std::string key;
    if (self->has_keys()) {
      key = upstream::KeyFor(self->context_, Cat(step.id, '[', call.element, ']'));
    }
    options.idempotency_key = key;
    upstream::CallContext& context = self->ContextFor(step);
    Reply reply = co_await self->caller_.Unary(context, *step.method, request, options);
    self->FinishCall(index, call, std::move(reply));
  }
  if (--each.lanes == 0) self->FinishEach(index);
  self->Leave();
}

void Execution::FinishCall(size_t index, EachCalls::Call& call, Reply reply) {
  const PlanStep& step = plan_.steps[index];
  call.status = reply.status();
  const bool answered = reply.ok();
  if (answered) {
    call.reply = *std::move(reply);
    call.status = Accept(step, call.reply.message, call.base);
    if (!call.status.ok()) call.reply = upstream::UnaryReply();
  }
  if (step.undo) {
    const std::string_view requests = steps_[index].each->requests;
    NoteActed(step, Cat(step.id, '[', call.element, ']'), requests.substr(call.begin, call.size),
              call.undo, answered ? &call.reply : nullptr, call.status);
  }
  const bool must = step.on_error == PlanStep::OnError::kFail;
  if (!call.status.ok() && (must || parent_.cancel.cancelled())) Fail(call.status);
}

void Execution::FinishEach(size_t index) {
  if (stopped()) return;
  const EachCalls& each = *steps_[index].each;
  StepSlots& slots = known_.steps[index];
  slots.there = true;
  std::optional<uint32_t> stand_in;  // opened once for all elements that failed
  for (uint32_t number : each.call_of) {
    const EachCalls::Call& call = each.calls[number];
    if (call.status.ok()) {
      slots.elements.push_back(call.base);
    } else if (plan_.steps[index].on_error == PlanStep::OnError::kDefault) {
      if (!stand_in) stand_in = OpenDefault(plan_.steps[index]);
      slots.elements.push_back(*stand_in);
    }
  }
  Settle(index, absl::OkStatus());
}

}  // namespace frontdesk::compose
