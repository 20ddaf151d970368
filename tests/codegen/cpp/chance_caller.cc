#include "tests/codegen/cpp/chance_caller.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <coroutine>
#include <iterator>
#include <map>
#include <memory>
#include <random>

#include "gateway/base/failure.h"
#include "gateway/base/text.h"

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

uint64_t Mix(uint64_t seed, std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u ^ (seed * 0x9e3779b97f4a7c15u);
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9u;
  return hash ^ (hash >> 32);
}

class Filler {
 public:
  explicit Filler(uint64_t seed) : engine_(seed) {}

  void Fill(pb::Message& message, int depth) {
    const pb::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      if (Below(100) >= 60) continue;
      const uint32_t count = field.is_repeated() ? Below(5) : 1;
      for (uint32_t n = 0; n < count; ++n) SetOne(message, field, depth);
    }
  }

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>(engine_() % limit); }

  int64_t Whole() {
    static constexpr int64_t kWholes[] = {0, 0, 1, 2, 3, -1, 127, 128, INT32_MAX, INT32_MIN};
    return kWholes[Below(std::size(kWholes))];
  }
  double Real() {
    static constexpr double kReals[] = {0.0, -0.0, 0.5, 1.0, -2.25, 1e30};
    return kReals[Below(std::size(kReals))];
  }
  std::string Text() {
    static constexpr const char* kTexts[] = {
        "", "a", "b", "c", "product-1", "product-2", "\xc3\xa9", "some longer text of a title"};
    return kTexts[Below(std::size(kTexts))];
  }

  void SetOne(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    const pb::Reflection& r = *message.GetReflection();
    const bool add = field.is_repeated();
    const auto put = [&](auto set, auto append, auto value) {
      add ? (r.*append)(&message, &field, value) : (r.*set)(&message, &field, value);
    };
    using R = pb::Reflection;
    using F = pb::FieldDescriptor;
    switch (field.cpp_type()) {
      case F::CPPTYPE_INT32:
        return put(&R::SetInt32, &R::AddInt32, static_cast<int32_t>(Whole()));
      case F::CPPTYPE_INT64:
        return put(&R::SetInt64, &R::AddInt64, Whole() * (Below(4) == 0 ? 1000003 : 1));
      case F::CPPTYPE_UINT32:
        return put(&R::SetUInt32, &R::AddUInt32, static_cast<uint32_t>(Whole()));
      case F::CPPTYPE_UINT64:
        return put(&R::SetUInt64, &R::AddUInt64, static_cast<uint64_t>(Whole()));
      case F::CPPTYPE_BOOL:
        return put(&R::SetBool, &R::AddBool, Below(2) == 1);
      case F::CPPTYPE_DOUBLE:
        return put(&R::SetDouble, &R::AddDouble, Real());
      case F::CPPTYPE_FLOAT:
        return put(&R::SetFloat, &R::AddFloat, static_cast<float>(Real()));
      case F::CPPTYPE_ENUM: {
        const pb::EnumDescriptor& values = *field.enum_type();
        const auto index = static_cast<int>(Below(static_cast<uint32_t>(values.value_count())));
        // Now and then a number newer than the contract.
        return put(&R::SetEnumValue, &R::AddEnumValue,
                   Below(10) == 0 ? 99 : values.value(index)->number());
      }
      case F::CPPTYPE_STRING:
        return put(&R::SetString, &R::AddString, Text());
      case F::CPPTYPE_MESSAGE:
        return SetMessage(message, field, depth);
    }
  }

  void SetMessage(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    const pb::Reflection& r = *message.GetReflection();
    if (field.message_type()->full_name() == "google.protobuf.Any") return;
    if (!field.is_map()) {
      if (depth > 4) return;
      pb::Message& inner = field.is_repeated() ? *r.AddMessage(&message, &field)
                                               : *r.MutableMessage(&message, &field);
      return Fill(inner, depth + 1);
    }
    // Reflection adds entries without looking for equal keys: here they count up or down.
    pb::Message& entry = *r.AddMessage(&message, &field);
    const pb::FieldDescriptor& key = *field.message_type()->map_key();
    const int number = r.FieldSize(message, &field);
    const pb::Reflection& of_entry = *entry.GetReflection();
    if (key.cpp_type() == pb::FieldDescriptor::CPPTYPE_STRING) {
      of_entry.SetString(&entry, &key, Cat("key ", number));
    } else if (key.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT32) {
      of_entry.SetInt32(&entry, &key, 2 - number);
    } else if (key.cpp_type() == pb::FieldDescriptor::CPPTYPE_INT64) {
      of_entry.SetInt64(&entry, &key, 2 - number);
    }
    SetOne(entry, *field.message_type()->map_value(), depth + 1);
  }

  std::mt19937_64 engine_;
};

// Timestamps and durations that JSON has.
void Tame(pb::Message& message) {
  const pb::Descriptor& type = *message.GetDescriptor();
  const pb::Reflection& r = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  r.ListFields(message, &fields);
  const bool time = type.full_name() == "google.protobuf.Timestamp" ||
                    type.full_name() == "google.protobuf.Duration";
  if (time) {
    r.SetInt64(&message, type.FindFieldByName("seconds"), 5);
    r.ClearField(&message, type.FindFieldByName("nanos"));
    return;
  }
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) Tame(*r.MutableMessage(&message, field));
    for (int i = 0; field->is_repeated() && i < r.FieldSize(message, field); ++i) {
      Tame(*r.MutableRepeatedMessage(&message, field, i));
    }
  }
}

// Reflection keeps entries of equal keys; the last one counts.
void KeepLastEntries(pb::Message& message) {
  const pb::Reflection& r = *message.GetReflection();
  std::vector<const pb::FieldDescriptor*> fields;
  r.ListFields(message, &fields);
  for (const pb::FieldDescriptor* field : fields) {
    if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      KeepLastEntries(*r.MutableMessage(&message, field));
      continue;
    }
    std::map<std::string, std::unique_ptr<pb::Message>> entries;  // by key, as text
    for (int i = 0; i < r.FieldSize(message, field); ++i) {
      pb::Message& item = *r.MutableRepeatedMessage(&message, field, i);
      KeepLastEntries(item);
      if (!field->is_map()) continue;
      std::string key;
      pb::TextFormat::PrintFieldValueToString(item, field->message_type()->map_key(), -1, &key);
      entries[key].reset(item.New());
      entries[key]->CopyFrom(item);
    }
    if (!field->is_map()) continue;
    r.ClearField(&message, field);
    for (auto& [key, entry] : entries) r.AddMessage(&message, field)->CopyFrom(*entry);
  }
}

}  // namespace

void FillByChance(pb::Message& message, uint64_t seed) {
  Filler(seed).Fill(message, 0);
  Tame(message);
}

std::string Canonical(Dynamic& dynamic, const contract::MessageTable& type, std::string_view wire) {
  const auto message = dynamic.New(type.full_name);
  if (!message->ParsePartialFromString(std::string(wire))) return "unreadable";
  KeepLastEntries(*message);
  return Serialize(*message);
}

// One of a list as a field of another message.
void Copy(const pb::Message& from, const pb::FieldDescriptor& list, int index, pb::Message& to,
          const pb::FieldDescriptor& field) {
  const pb::Reflection& get = *from.GetReflection();
  const pb::Reflection& set = *to.GetReflection();
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return set.SetString(&to, &field, get.GetRepeatedString(from, &list, index));
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return set.SetInt64(&to, &field, get.GetRepeatedInt64(from, &list, index));
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return set.SetEnumValue(&to, &field, get.GetRepeatedEnumValue(from, &list, index));
    default:
      return;  // no contract of the tests has others
  }
}

ChanceCaller::ChanceCaller(const contract::Contract& contract, Dynamic& dynamic, Chances chances)
    : contract_(contract), dynamic_(dynamic), chances_(chances) {
  for (const contract::Method& method : contract.methods()) {
    if (!method.plan) continue;
    for (const contract::PlanStep& step : method.plan->steps) {
      if (step.batch) batches_[step.batch->method] = step.batch.get();
      if (step.undo) undos_.insert(step.undo->method);
    }
  }
}

// A held call: what its coroutine awaits.
class ChanceCaller::Held final : private CancelListener {
 public:
  Held(ChanceCaller& caller, upstream::CallContext& context) : caller_(caller), context_(context) {}

  bool await_ready() const { return context_.cancel.cancelled(); }
  void await_suspend(std::coroutine_handle<> waiter) {
    waiter_ = waiter;
    caller_.held_.push_back(this);
    Listen(context_.cancel);
  }
  absl::Status await_resume() const { return context_.cancel.reason(); }

  void Finish() {
    Unlisten();
    caller_.held_.remove(this);
    waiter_.resume();
  }

 private:
  void OnCancel(const absl::Status&) override {
    ++caller_.cancelled_;
    caller_.held_.remove(this);
    context_.loop.Defer(waiter_);
  }

  ChanceCaller& caller_;
  upstream::CallContext& context_;
  std::coroutine_handle<> waiter_;
};

void ChanceCaller::Release(size_t index) {
  (*std::next(held_.begin(), static_cast<std::ptrdiff_t>(index)))->Finish();
}

void ChanceCaller::FillResults(const contract::PlanBatch& batch, const std::string& asked,
                               uint64_t chance, pb::Message& reply) {
  const auto request = dynamic_.New(batch.method->input->full_name);
  request->ParseFromString(asked);
  const pb::FieldDescriptor& keys = *batch.key.target->descriptor;
  const pb::FieldDescriptor& results = *batch.results->descriptor;
  std::mt19937_64 engine(chance);
  std::vector<int> order;
  for (int i = 0; i < request->GetReflection()->FieldSize(*request, &keys); ++i) {
    const uint64_t luck = engine() % 20;
    if (luck > 0) order.push_back(i);
    if (luck > 15) order.push_back(i);
  }
  std::shuffle(order.begin(), order.end(), engine);
  for (const int key : order) {
    pb::Message& result = *reply.GetReflection()->AddMessage(&reply, &results);
    FillByChance(result, engine());
    Copy(*request, keys, key, result, *batch.match->descriptor);
  }
}

absl::StatusOr<upstream::UnaryReply> ChanceCaller::Answer(const contract::Method& method,
                                                          const std::string& asked,
                                                          uint64_t chance) {
  static const absl::Status kFailures[] = {
      absl::NotFoundError("none"),
      absl::UnavailableError("down"),
      Failure(absl::StatusCode::kDeadlineExceeded, "DEADLINE_EXCEEDED", "late", Origin::kGateway),
      Failure(absl::StatusCode::kPermissionDenied, "NOT_YOURS", "no", Origin::kUpstream).Http(418),
  };
  upstream::UnaryReply reply;
  const auto kind = static_cast<uint32_t>(chance >> 8) % 100;
  // An undo whose failure may pass is tried again after a real pause: seldom.
  const bool passes = !undos_.contains(&method) || (chance >> 30) % 16 == 0;
  const size_t failure = (chance >> 20) % std::size(kFailures);
  if (kind < chances_.fails) return kFailures[passes ? failure : failure / 2 * 3];
  const auto message = dynamic_.New(method.output->full_name);
  FillByChance(*message, chance);
  const auto batch = batches_.find(&method);
  if (batch != batches_.end() && (chance >> 50) % 100 < chances_.matches) {
    FillResults(*batch->second, asked, chance, *message);
  }
  reply.message = Serialize(*message);
  if (kind < chances_.fails + chances_.garbage) {
    reply.message += '\xff';  // behind what could be read
    return reply;
  }
  reply.headers.emplace_back("x-served-by", Cat(method.path, ' ', chance % 7));
  reply.trailers.emplace_back("x-cost", Cat(chance % 5));
  reply.trailers.emplace_back("x-unwanted", "1");
  return reply;
}

Task<absl::StatusOr<upstream::UnaryReply>> ChanceCaller::Unary(
    upstream::CallContext& context, const contract::MethodName& method, std::string_view request,
    const upstream::CallOptions& options) {
  const contract::Method& called = *contract_.FindMethod(std::string_view(method.path).substr(1));
  const std::string asked = Canonical(dynamic_, *called.input, request);
  seen_.push_back(Cat(method.path, ' ', dynamic_.Text(called.input->full_name, asked), " |",
                      options.timeout == Duration::max() ? " forever" : " limited", ' ',
                      options.idempotency_key,
                      options.policy ? Cat(" as ", options.policy->retry.max_attempts) : ""));
  ++context.calls;
  const std::string call = Cat(method.path, asked);
  const uint64_t chance = Mix(chances_.seed, Cat(call, times_[call]++));
  if (static_cast<uint32_t>(chance >> 40) % 100 >= chances_.at_once) {
    Held held(*this, context);
    absl::Status cancelled = co_await held;
    if (!cancelled.ok()) co_return cancelled;
  }
  co_return Answer(called, asked, chance);
}

}  // namespace frontdesk::testing
