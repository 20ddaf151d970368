#include "gateway/contract/plan_undo.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/plan_call.h"

namespace frontdesk::contract {
namespace {

using frontdesk::v1::Undo;

SourcePath Call() { return {Undo::kCallFieldNumber}; }

// Takes the writes out whose values come of the step's own reply.
std::vector<Write> TakeOwn(std::vector<Write>& writes) {
  std::vector<Write> own;
  std::vector<Write> others;
  for (Write& write : writes) {
    if (write.kind == Write::Kind::kNested) {
      Write inside;
      inside.kind = write.kind;
      inside.target = write.target;
      inside.children = TakeOwn(write.children);
      if (!inside.children.empty()) own.push_back(std::move(inside));
      if (!write.children.empty()) others.push_back(std::move(write));
      continue;
    }
    const bool constant = write.kind == Write::Kind::kConstant;
    const bool mine = !constant && write.source.root == Source::Root::kSelf;
    (mine ? own : others).push_back(std::move(write));
  }
  writes = std::move(others);
  return own;
}

}  // namespace

void UndoCompiler::CheckEffects(const Method& step, const Method& undo) {
  constexpr std::string_view kLevel = " is declared without side effects (idempotency_level)";
  if (step.no_side_effects()) {
    Wrong({}, Cat("undo undoes nothing: ", Quoted(step.path.substr(1)), kLevel));
  }
  if (undo.no_side_effects()) {
    Wrong(Call(), Cat("undo undoes nothing: its call ", Quoted(undo.path.substr(1)), kLevel));
  }
}

// An undo that is told nothing would do the same whatever was done.
void UndoCompiler::CheckTarget(const frontdesk::v1::Step& proto) {
  const auto& binds = proto.undo().bind();
  const auto reads = [&](const auto& root_fits) {
    return std::any_of(binds.begin(), binds.end(), [&](const frontdesk::v1::Bind& bind) {
      return bind.has_from() && root_fits(SplitPath(bind.from())[0]);
    });
  };
  if (!reads([](std::string_view) { return true; })) {
    Wrong({}, "undo: no bind tells what is to be undone");
  } else if (proto.has_each() && !reads([&](std::string_view root) {
               return root == proto.as() || root == proto.id();
             })) {
    Wrong({}, Cat("undo: no bind uses ", Quoted(proto.as()), " or ", Quoted(proto.id()),
                  ": the undos of all elements would be the same"));
  }
}

// In its undo the step's id stands for the one reply that is taken back, also of an `each`.
void UndoCompiler::AddOwnRoot(const PlanStep& step, MessageReader& reply) {
  std::erase_if(roots_, [&](const PathRoot& root) { return root.name == step.id; });
  PathRoot own;
  own.name = step.id;
  own.kind = Source::Root::kSelf;
  own.message = step.method->output;
  own.reader = &reply;
  reply.nodes.emplace_back().table = step.method->output;
  roots_.push_back(own);
}

std::unique_ptr<const PlanUndo> UndoCompiler::Compile(const frontdesk::v1::Step& proto,
                                                      const PlanStep& step,
                                                      const std::vector<Mapping>& bind) {
  auto undo = std::make_unique<PlanUndo>();
  if (proto.undo().has_timeout()) {
    const auto timeout = ParseDuration(proto.undo().timeout());
    if (timeout) undo->timeout = *timeout;
    if (!timeout) {
      Wrong({Undo::kTimeoutFieldNumber}, Cat("undo: timeout ", Quoted(proto.undo().timeout()),
                                             " is not a duration such as 250ms or 2s"));
    }
  }
  const FoundMethod found = FindUnaryMethod(methods_, proto.undo().call());
  if (!found.wrong.empty()) {
    Wrong(Call(), Cat("undo: ", found.wrong));
    return nullptr;
  }
  undo->method = found.method;
  CheckEffects(*step.method, *undo->method);
  CheckTarget(proto);
  AddOwnRoot(step, undo->reply);
  FillCompiler fill(roots_, broken_, fitter_);
  undo->request = fill.Fill(FillCompiler::What::kRequest, bind, *undo->method->input);
  undo->from_reply = TakeOwn(undo->request);
  for (const WrongMapping& wrong : fill.wrong()) {
    const SourcePath binds = {Undo::kBindFieldNumber};
    Wrong(wrong.at.empty() ? SourcePath() : binds + wrong.at, Cat("undo: bind ", wrong.text));
  }
  return undo;
}

}  // namespace frontdesk::contract
