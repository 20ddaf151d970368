#include "codegen/cpp/aggregate_writer.h"

#include <cstdio>
#include <set>

#include "codegen/cpp/client_writer.h"
#include "codegen/cpp/run_writer.h"
#include "gateway/contract/plan_hash.h"
#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Method;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

namespace {

void GatherFiles(const FileDescriptor& file, std::set<std::string>& names) {
  if (!names.insert(file.name()).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) GatherFiles(*file.dependency(i), names);
}

// "OrdersClient" -> "orders_"
std::string MemberName(const std::string& service) {
  std::string name;
  for (size_t i = 0; i < service.size(); ++i) {
    const char c = service[i];
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper && i > 0) name += '_';
    name += upper ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name + '_';
}

std::string Hex(uint64_t value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "0x%016llx", static_cast<unsigned long long>(value));
  return digits;
}

}  // namespace

AggregateWriter::AggregateWriter(const contract::Contract& contract,
                                 const ServiceDescriptor& service, const Names& names)
    : contract_(contract),
      service_(service),
      names_(names),
      name_(names.Class(Cat(service.name(), "Aggregates"))) {
  for (const Method& method : contract.methods()) {
    if (method.service != service.full_name()) continue;
    if (method.custom) custom_.push_back(&method);
    if (method.plan) composed_.push_back(&method);
  }
}

std::string AggregateWriter::file_stem() const {
  std::string name = MemberName(service_.name());
  name.pop_back();
  return name;
}

std::string AggregateWriter::MethodName(const Method& method) const {
  // What the class has already.
  const bool taken =
      method.name == name_ || method.name == "Methods" || method.name == "Aggregates";
  return Identifier(taken ? Cat(method.name, "_") : method.name);
}

std::vector<AggregateWriter::Member> AggregateWriter::Clients() const {
  std::vector<Member> clients;
  if (custom_.empty()) return clients;
  std::set<std::string> files;
  GatherFiles(*service_.file(), files);
  std::set<const ServiceDescriptor*> seen;
  std::set<std::string> taken;
  for (const Method& method : contract_.methods()) {
    const ServiceDescriptor& service = *method.descriptor->service();
    if (&service == &service_ || !files.contains(service.file()->name()) ||
        !seen.insert(&service).second) {
      continue;
    }
    const Names other(contract_, *service.file());
    std::string type = ClientClass(service, other);
    if (other.space().empty()) {
      type = names_.Global(type);
    } else if (other.space() != names_.space()) {
      type = names_.Global(Cat(other.space(), "::", type));
    }
    std::string name = MemberName(service.name());
    while (!taken.insert(name).second) name += '_';
    clients.push_back({std::move(type), name});
  }
  return clients;
}

std::set<std::string> AggregateWriter::Headers() const {
  std::set<std::string> headers = {"gateway/compose/aggregates.h"};
  for (const Method* method : composed_) {
    for (const contract::PlanStep& step : method->plan->steps) {
      for (const Method* called : {step.method, &Asked(step)}) {
        headers.insert(HeaderOf(*called->input->descriptor));
        headers.insert(HeaderOf(*called->output->descriptor));
      }
    }
  }
  if (!custom_.empty()) {
    std::set<std::string> files;
    GatherFiles(*service_.file(), files);
    for (const Method& method : contract_.methods()) {
      const std::string& file = method.descriptor->file()->name();
      if (files.contains(file) && file != service_.file()->name()) {
        headers.insert(FileName(file, ".frontdesk.h"));
      }
    }
  }
  return headers;
}

std::set<std::string> AggregateWriter::SourceHeaders() const {
  std::set<std::string> headers;
  for (const Method* method : composed_) {
    for (const contract::PlanStep& step : method->plan->steps) {
      if (step.each) headers.insert("gateway/compose/typed_each.h");
      if (step.batch) headers.insert("gateway/compose/typed_batch.h");
      if (!step.undo) continue;
      headers.insert("gateway/compose/typed_undo.h");
      headers.insert(HeaderOf(*step.undo->method->input->descriptor));
    }
  }
  return headers;
}

std::string AggregateWriter::ResultOf(const Method& method) const {
  const std::string reply = names_.Of(*method.output->descriptor);
  const std::string result =
      method.custom ? reply : Cat(Own("frontdesk::compose::Answer"), "<", reply, ">");
  return Cat(Own("absl::StatusOr"), "<", result, ">");
}

std::string AggregateWriter::TaskOf(const Method& method) const {
  return Cat(Own("frontdesk::Task"), "<", ResultOf(method), ">");
}

std::vector<std::string> AggregateWriter::CustomArguments(const Method& method) const {
  std::vector<std::string> arguments = {
      Cat(Own("frontdesk::upstream::CallContext"), "& context"),
      Cat("const ", names_.Of(*method.input->descriptor), "& request")};
  if (!method.custom) {
    arguments.push_back(Cat("const ", Own("frontdesk::compose::RunOptions"), "& options"));
  }
  return arguments;
}

std::vector<std::pair<std::string, std::vector<std::string>>> AggregateWriter::Hooks(
    const Method& method) const {
  std::vector<std::pair<std::string, std::vector<std::string>>> hooks;
  const std::string context = Cat(Own("frontdesk::upstream::CallContext"), "& context");
  const std::vector<StepNames> names = NamesOfSteps(method, names_);
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].hook.empty()) continue;
    const contract::PlanStep& step = method.plan->steps[i];
    const std::string request = names_.Of(*Asked(step).input->descriptor);
    const std::string reply = Cat(names_.Of(*step.method->output->descriptor), "& reply");
    hooks.push_back({Cat("Before", names[i].hook), {context, Cat(request, "& request")}});
    std::vector<std::string> after = {context};
    if (!step.each) after.push_back(Cat("const ", request, "& request"));
    after.push_back(reply);
    hooks.push_back({Cat("After", names[i].hook), std::move(after)});
  }
  if (CompositionOf(method).hooks()) {
    hooks.push_back({Cat("After", method.name),
                     {context, Cat("const ", names_.Of(*method.input->descriptor), "& request"),
                      Cat(names_.Of(*method.output->descriptor), "& answer")}});
  }
  return hooks;
}

void AggregateWriter::WriteHeader(Printer& out) const {
  out.Note(Cat("The compositions of ", service_.name(),
               ". Derive from it to say what options can't; one object per event loop."));
  out.Open("class ", name_, " : public ", Own("frontdesk::compose::Aggregates"), " {");
  out.Outdent();
  out.Line(" public:");
  out.Indent();
  const std::vector<Member> clients = Clients();
  out.Line("explicit ", name_, '(', Own("frontdesk::upstream::Caller"), "& caller);");
  out.Line();
  out.Line("// For frontdesk::Registry.");
  out.Line("static const std::vector<", Own("frontdesk::compose::GeneratedMethod"),
           ">& Methods();");
  for (const Method* method : composed_) {
    out.Line();
    out.Comment(CommentOf(*method->descriptor));
    out.Call(Cat(TaskOf(*method), ' ', MethodName(*method)), CustomArguments(*method), ";");
  }
  for (const Method* method : custom_) {
    out.Line();
    out.Comment(CommentOf(*method->descriptor));
    out.Call(Cat("virtual ", TaskOf(*method), ' ', MethodName(*method)), CustomArguments(*method),
             " = 0;");
  }
  for (const Method* method : composed_) WriteHooks(*method, out);
  if (!clients.empty()) {
    out.Line();
    out.Outdent();
    out.Line(" protected:");
    out.Indent();
    for (const Member& client : clients) out.Line("const ", client.type, ' ', client.name, ';');
  }
  out.Close("};");
}

void AggregateWriter::WriteHooks(const Method& method, Printer& out) const {
  for (const auto& [name, arguments] : Hooks(method)) {
    out.Line();
    const bool before = name.compare(0, 6, "Before") == 0;
    out.Note(before ? "May change the request; the step fails with a status that is not OK."
             : name == Cat("After", method.name)
                 ? "May change the answer; a status that is not OK becomes it."
                 : "May change the reply; the step fails with a status that is not OK.");
    std::vector<std::string> unnamed;
    for (const std::string& argument : arguments) {
      const size_t space = argument.rfind(' ');
      unnamed.push_back(Cat(argument.substr(0, space), " /*", argument.substr(space + 1), "*/"));
    }
    out.Call(Cat("virtual ", Own("absl::Status"), ' ', name), unnamed,
             Cat(" { return ", Own("absl::OkStatus"), "(); }"));
  }
}

void AggregateWriter::NoteCalled(std::map<std::string, const Method*>& called) const {
  for (const Method* method : composed_) {
    const std::vector<StepNames> names = NamesOfSteps(*method, names_);
    for (size_t i = 0; i < names.size(); ++i) {
      const contract::PlanStep& step = method->plan->steps[i];
      called.try_emplace(names[i].method, &Asked(step));
      if (step.undo) called.try_emplace(names_.Constant(*step.undo->method), step.undo->method);
    }
  }
}

void AggregateWriter::WriteRuns(Conversions& conversions, Printer& out) const {
  for (const Method* method : composed_) {
    RunWriter(*method, name_, names_, conversions).WriteClass(out);
    out.Line();
  }
}

void AggregateWriter::WriteSource(Printer& out) const {
  out.Line(name_, "::", name_, '(', Own("frontdesk::upstream::Caller"), "& caller)");
  std::string members = "    : Aggregates(caller)";
  for (const Member& client : Clients()) members += Cat(",\n      ", client.name, "(caller)");
  out.Line(members, " {}");
  out.Line();
  Conversions unused(names_);
  for (const Method* method : composed_) {
    const RunWriter run(*method, name_, names_, unused);
    std::vector<std::string> arguments = CustomArguments(*method);
    if (!run.has_request())
      arguments[1].replace(arguments[1].rfind(' '), std::string::npos, " /*request*/");
    out.Call(Cat(TaskOf(*method), ' ', name_, "::", MethodName(*method)), arguments, " {");
    out.Line("  ", run.name(), " run(", run.Arguments(), ");");
    if (method->plan->undoes) {
      out.Line("  ", ResultOf(*method), " answer = co_await run.AnswerOf(run.Run());");
      out.Line("  co_await run.TakeBack(answer);");
      out.Line("  co_return answer;");
    } else {
      out.Line("  co_return co_await run.Run();");
    }
    out.Line("}");
    out.Line();
  }
  const std::string generated = Own("frontdesk::compose::GeneratedMethod");
  out.Open("const std::vector<", generated, ">& ", name_, "::Methods() {");
  out.Open("static const std::vector<", generated, "> methods = {");
  const auto add = [&](const Method& method) {
    out.Line("{\"", method.path, "\", ", Hex(contract::PlanHash(method)), "u,");
    out.Line(" &", Own("frontdesk::compose::Serve"), "<&", name_, "::", MethodName(method),
             ">::Run},");
  };
  for (const Method* method : composed_) add(*method);
  for (const Method* method : custom_) add(*method);
  out.Close("};");
  out.Line("return methods;");
  out.Close();
}

std::string AggregateWriter::Scaffold(const std::string& header) const {
  Printer out;
  const std::string mine = Cat("My", service_.name());
  out.Line("// Yours: protoc-gen-frontdesk-cpp wrote it once and will not write over it.");
  out.Line("#pragma once");
  out.Line();
  out.Line("#include \"", header, "\"");
  out.Line();
  if (!names_.space().empty()) out.Line("namespace ", names_.space(), " {");
  out.Line();
  out.Open("class ", mine, " final : public ", name_, " {");
  out.Outdent();
  out.Line(" public:");
  out.Indent();
  out.Line("using ", name_, "::", name_, ';');
  for (const Method* method : custom_) {
    out.Line();
    out.Comment(CommentOf(*method->descriptor));
    out.Call(Cat(TaskOf(*method), ' ', MethodName(*method)), CustomArguments(*method),
             " override {");
    out.Line("  co_return ", Own("absl::UnimplementedError"), "(\"", method->name,
             " is not written yet\");");
    out.Line("}");
  }
  for (const Method* method : composed_) {
    for (const auto& [name, arguments] : Hooks(*method)) {
      out.Line();
      out.Call(Cat(Own("absl::Status"), ' ', name), arguments, " override {");
      out.Line("  return ", name_, "::", name, "(context, ",
               arguments.size() == 3
                   ? Cat("request, ", arguments[2].substr(arguments[2].rfind(' ') + 1))
                   : arguments[1].substr(arguments[1].rfind(' ') + 1),
               ");");
      out.Line("}");
    }
  }
  out.Close("};");
  out.Line();
  if (!names_.space().empty()) out.Line("}  // namespace ", names_.space());
  return out.Take();
}

}  // namespace frontdesk::codegen
