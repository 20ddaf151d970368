#include "gateway/contract/plan_batch.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/plan_call.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Batch;
using frontdesk::v1::Step;

// Keys of one call; above this a typing mistake is more likely than a wish.
constexpr uint32_t kMostKeys = 1000;

}  // namespace

void BatchCompiler::Wrong(int word, std::string_view text) {
  wrong_.push_back({{Step::kBatchFieldNumber, word}, Cat("batch: ", text)});
}

const Field* BatchCompiler::FieldOf(const MessageTable& message, const std::string& name,
                                    int word) {
  std::vector<std::string> names;
  for (const Field& field : message.fields) {
    if (field.name == name && field.type != FieldType::kGroup) return &field;
    names.push_back(field.name);
  }
  const std::string& what = Batch::descriptor()->FindFieldByNumber(word)->name();
  Wrong(word, name.empty() ? Cat("it needs `", what, "`")
                           : Cat(what, ": ", message.full_name, " has no field ", Quoted(name),
                                 DidYouMean(name, names)));
  return nullptr;
}

void BatchCompiler::CompileResults(const Batch& proto, const MessageTable& output,
                                   PlanBatch& batch) {
  constexpr int kResults = Batch::kResultsFieldNumber;
  batch.results = FieldOf(*batch.method->output, proto.results(), kResults);
  if (batch.results && (!batch.results->repeated || batch.results->message != &output)) {
    Wrong(kResults,
          Cat("results ", Quoted(proto.results()), " is ", TypeName(*batch.results),
              "; it must be a list of ", output.full_name, ", which the step's call returns"));
  }
  batch.match = FieldOf(output, proto.match(), Batch::kMatchFieldNumber);
}

// The element's key fills the repeated field as if it were a list of one.
void BatchCompiler::CompileKey(const Batch& proto, const Mapping& mapping, PlanBatch& batch) {
  constexpr int kKeys = Batch::kKeysFieldNumber;
  const Field* const keys = FieldOf(*batch.method->input, proto.keys(), kKeys);
  absl::StatusOr<PathValue> value = ResolveSource(mapping.source, roots_);
  if (!keys || !value.ok()) return;  // a wrong path is wrong in the step's own call too
  if (value->many()) return Wrong(kKeys, Cat("the key ", Quoted(mapping.source), " is a list"));
  if (!keys->repeated) {
    return Wrong(kKeys, Cat("keys ", Quoted(keys->name), " is ", TypeName(*keys), ", not a list"));
  }
  value->root.list = true;
  absl::StatusOr<Write> key = fitter_.Fit(*value, *keys, false);
  if (!key.ok()) return Wrong(kKeys, Cat("keys: ", Std(key.status().message())));
  if (key->kind != Write::Kind::kText && key->kind != Write::Kind::kScalar) {
    return Wrong(kKeys, Cat("keys ", Quoted(keys->name), " is ", TypeName(*keys),
                            "; a key is a string or a number"));
  }
  batch.key = *std::move(key);
  const Field* const match = batch.match;
  if (match &&
      (match->type != keys->type || match->repeated || match->enumeration != keys->enumeration)) {
    Wrong(Batch::kMatchFieldNumber,
          Cat("match ", Quoted(match->name), " is ", TypeName(*match), ", but keys ",
              Quoted(keys->name), " is ", TypeName(*keys)));
  }
}

// What is bound besides the key goes into fields of the same name.
void BatchCompiler::CompileRest(const std::vector<Mapping>& rest, PlanBatch& batch) {
  FillCompiler fill(roots_, broken_, fitter_);
  std::vector<Write> writes = fill.Fill(FillCompiler::What::kRequest, rest, *batch.method->input);
  for (const WrongMapping& wrong : fill.wrong()) {
    const SourcePath binds = {Step::kBindFieldNumber};
    wrong_.push_back(
        {wrong.at.empty() ? SourcePath() : binds + wrong.at, Cat("batch: bind ", wrong.text)});
  }
  for (Write& write : writes) {
    if (batch.key.target && write.target == batch.key.target) {
      Wrong(Batch::kKeysFieldNumber,
            Cat("keys ", Quoted(write.target->name), " is filled by a bind too"));
    }
    const bool before = batch.key.target && write.target->number < batch.key.target->number;
    (before ? batch.before_keys : batch.after_keys).push_back(std::move(write));
  }
}

std::unique_ptr<const PlanBatch> BatchCompiler::Compile(const Step& step_proto,
                                                        const PlanStep& step,
                                                        std::vector<Mapping> bind) {
  const Batch& proto = step_proto.batch();
  if (!step.each) {
    wrong_.push_back({{Step::kBatchFieldNumber}, "`batch` has no meaning without `each`"});
    return nullptr;
  }
  if (step_proto.has_undo()) {
    wrong_.push_back({{Step::kUndoFieldNumber}, "what is asked for by `batch` has no `undo`"});
  }
  auto batch = std::make_unique<PlanBatch>();
  if (proto.has_max_keys()) batch->max_keys = proto.max_keys();
  if (batch->max_keys == 0 || batch->max_keys > kMostKeys) {
    Wrong(Batch::kMaxKeysFieldNumber, Cat("max_keys must be from 1 to ", kMostKeys));
  }
  const FoundMethod found = FindUnaryMethod(methods_, proto.call());
  if (!found.wrong.empty()) {
    Wrong(Batch::kCallFieldNumber, found.wrong);
    return nullptr;
  }
  batch->method = found.method;
  CompileResults(proto, *step.method->output, *batch);
  const auto of_element = [&](const Mapping& mapping) {
    return mapping.kind == Mapping::Kind::kPath && SplitPath(mapping.source)[0] == step_proto.as();
  };
  const auto rest = std::stable_partition(bind.begin(), bind.end(), of_element);
  if (rest - bind.begin() > 1) {
    Wrong(Batch::kKeysFieldNumber,
          Cat("several binds use ", Quoted(step_proto.as()), ", but only one can give the key"));
  } else if (rest != bind.begin()) {
    CompileKey(proto, bind.front(), *batch);
  }
  CompileRest({rest, bind.end()}, *batch);
  return batch;
}

}  // namespace frontdesk::contract
