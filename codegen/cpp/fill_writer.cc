#include "codegen/cpp/fill_writer.h"

#include "codegen/cpp/constant_writer.h"

#include "google/protobuf/descriptor.h"

namespace frontdesk::codegen {

using contract::Field;
using contract::FieldType;
using contract::Source;
using Kind = contract::Write::Kind;
using Default = contract::Write::Default;

namespace {

// Lists of both have the same C++ type.
bool SameList(const contract::Write& write, const Field& from, const Field& to) {
  if (write.kind == Kind::kConvert || !write.enum_map.same) return false;
  if (IsText(from.type) && IsText(to.type)) return true;
  if (from.type == FieldType::kEnum) return from.enumeration == to.enumeration;
  return from.descriptor->cpp_type() == to.descriptor->cpp_type();
}

bool HasConstant(const std::vector<contract::Write>& writes) {
  for (const contract::Write& write : writes) {
    if (write.kind == Kind::kConstant && !write.constant.empty()) return true;
    if (write.kind == Kind::kNested && HasConstant(write.children)) return true;
  }
  return false;
}

}  // namespace

void FillWriter::If(const std::string& condition, bool open) {
  if (condition.empty()) return;
  if (open) {
    out_.Open("if (", condition, ") {");
  } else {
    out_.Close();
  }
}

void FillWriter::Write(const std::vector<contract::Write>& writes, const std::string& target) {
  for (const contract::Write& write : writes) WriteOne(write, target);
}

std::string FillWriter::Fill(const contract::Write& write) const {
  const contract::Plan& plan = *roots_.plan;
  return conversions_.Need(plan, plan.conversions[write.conversion], *write.target);
}

void FillWriter::WriteOne(const contract::Write& write, const std::string& target) {
  if (write.kind == Kind::kConstant) return WriteConstant(write, target, names_, out_);
  if (write.kind == Kind::kNested) return WriteNested(write, target);
  if (write.source.root == Source::Root::kStep && write.source.list) {
    return WriteEachReply(write, target);
  }
  const Source& source = write.source;
  const Value value =
      source.claim.empty() ? ValueOf(source, roots_, "") : ClaimOf(source, *write.target, names_);
  if (write.target->map) return WriteMap(write, Moved(write, value), target);
  if (write.target->repeated) return WriteList(write, value, target);
  if (write.target->type == FieldType::kMessage) return WriteMessage(write, value, target);
  WriteScalar(write, value, target);
}

void FillWriter::WriteNested(const contract::Write& write, const std::string& target) {
  const std::string accessor = Accessor(*write.target->descriptor);
  if (HasConstant(write.children)) {
    return Write(write.children, Cat(target, "mutable_", accessor, "()->"));
  }
  // Without any value of its own it is left out.
  const std::string type = names_.Of(*write.target->message->descriptor);
  const std::string name = Cat("inner", depth_ == 0 ? std::string() : Cat(depth_));
  ++depth_;
  out_.Open("{");
  out_.Line(type, ' ', name, ';');
  Write(write.children, Cat(name, '.'));
  out_.Line("if (", name, ".ByteSizeLong() > 0) *", target, "mutable_", accessor, "() = std::move(",
            name, ");");
  out_.Close();
  --depth_;
}

void FillWriter::WriteEachReply(const contract::Write& write, const std::string& target) {
  const Field& to = *write.target;
  const std::string& step = roots_.steps[write.source.step];
  const Value value = ValueOf(write.source, roots_, "reply");
  out_.Open("for (const auto* reply : ", step, ".replies()) {");
  if (value.field == nullptr || !value.field->repeated) {
    if (to.map) {
      const bool whole = value.field == nullptr;
      WriteEntry(write, whole ? "reply" : value.text, whole, target);
    } else {
      Put(write, value, target);  // one per reply, so that lists keep in step
    }
  } else if (value.field->map && to.map) {
    WriteMap(write, value.text, target);
  } else if (value.field->map || to.map || !SameList(write, *value.field, to)) {
    WriteList(write, value, target);
  } else {
    out_.Line(target, "mutable_", Accessor(*to.descriptor), "()->MergeFrom(", value.text, ");");
  }
  out_.Close();
}

std::string FillWriter::Moved(const contract::Write& write, const Value& value) const {
  const Source& source = write.source;
  const bool text = write.kind == Kind::kText && write.target->repeated;
  if (movable_ == nullptr || !movable_->contains(&write) || source.list ||
      (write.kind != Kind::kSplice && !text)) {
    return value.text;
  }
  const std::vector<const Field*> path = PathTo(roots_.plan->steps[source.step].reply, source.slot);
  if (path.size() > 1) return value.text;
  const std::string reply = Cat(roots_.steps[source.step], ".reply()");
  if (path.empty()) return Cat("std::move(", reply, ')');
  return Cat("std::move(*", reply, ".mutable_", Accessor(*path[0]->descriptor), "())");
}

void FillWriter::WriteMessage(const contract::Write& write, const Value& value,
                              const std::string& target) {
  const std::string accessor = Accessor(*write.target->descriptor);
  If(value.there, true);
  if (write.kind == Kind::kSplice) {
    out_.Line('*', target, "mutable_", accessor, "() = ", Moved(write, value), ';');
  } else {
    out_.Line(Fill(write), '(', value.text, ", *", target, "mutable_", accessor, "());");
  }
  If(value.there, false);
}

void FillWriter::WriteScalar(const contract::Write& write, const Value& value,
                             const std::string& target) {
  std::string condition;
  switch (write.on_default) {
    case Default::kKeep:
      condition = value.there;
      break;
    case Default::kWrite:
      condition = value.around;
      break;
    case Default::kDrop: {
      // A default that is set says nothing, but one that has another number over there does.
      const bool mapped = !write.enum_map.same;
      if (value.field == nullptr) break;  // the caller, who is empty or not
      if (mapped && !value.there.empty()) condition = value.there;
      if (mapped && value.there.empty() && !value.of_entry) condition = NotDefault(value, names_);
      if (write.target->has_presence) condition = NotDefault(value, names_);
      break;
    }
  }
  If(condition, true);
  Put(write, value, target);
  If(condition, false);
}

void FillWriter::Put(const contract::Write& write, const Value& value, const std::string& target) {
  const Field& to = *write.target;
  const std::string put = Cat(target, to.repeated ? "add_" : "set_", Accessor(*to.descriptor));
  if (to.type == FieldType::kMessage) {
    const std::string made = Cat('*', target, "add_", Accessor(*to.descriptor), "()");
    if (write.kind == Kind::kSplice) return out_.Line(made, " = ", value.text, ';');
    return out_.Line(Fill(write), '(', value.text, ", ", made, ");");
  }
  if (to.type != FieldType::kEnum) return out_.Line(put, '(', value.text, ");");
  const std::string convert = conversions_.Need(write.enum_map, *value.field, to);
  if (!convert.empty()) {
    out_.Line("if (const auto known = ", convert, '(', value.text, ")) ", put, "(*known);");
    return;
  }
  const std::string cast = Cast(write, value);
  if (to.enumeration->closed) {
    const std::string type = names_.Of(*to.enumeration->descriptor);
    out_.Line("if (", type, "_IsValid(", value.text, ")) ", put, '(', cast, ");");
  } else {
    out_.Line(put, '(', cast, ");");
  }
}

std::string FillWriter::Cast(const contract::Write& write, const Value& value) const {
  const contract::EnumTable& to = *write.target->enumeration;
  if (value.field->enumeration == &to && !value.number) return value.text;
  return Cat("static_cast<", names_.Of(*to.descriptor), ">(", value.text, ')');
}

void FillWriter::WriteList(const contract::Write& write, const Value& value,
                           const std::string& target) {
  const Field& to = *write.target;
  if (SameList(write, *value.field, to) && !write.source.list) {
    out_.Line('*', target, "mutable_", Accessor(*to.descriptor), "() = ", Moved(write, value), ';');
    return;
  }
  Value item;
  item.text = Cat("item", depth_ == 0 ? std::string() : Cat(depth_));
  item.field = value.field;
  item.number = value.field->type == FieldType::kEnum;
  ++depth_;
  const bool entries = value.field->map;
  out_.Open("for (const auto& ", item.text, " : ", entries ? ByKey(value.text, names_) : value.text,
            ") {");
  if (to.map) {
    WriteEntry(write, item.text, false, target);
  } else {
    Put(write, item, target);
  }
  out_.Close();
  --depth_;
}

void FillWriter::WriteMap(const contract::Write& write, const std::string& from,
                          const std::string& target) {
  const std::string to = Cat('*', target, "mutable_", Accessor(*write.target->descriptor), "()");
  if (write.kind == Kind::kSplice && !write.source.list) {
    return out_.Line(to, " = ", from, ';');
  }
  // With words the keys may be other ones, of which some may be equal: the last counts.
  const bool by_key =
      write.kind == Kind::kConvert && !roots_.plan->conversions[write.conversion].by_name;
  out_.Open("for (const auto& [key, value] : ", by_key ? ByKey(from, names_) : from, ") {");
  if (write.kind == Kind::kSplice) {
    out_.Line('(', to, ")[key] = value;");
  } else {
    WriteEntry(write, "", false, target);
  }
  out_.Close();
}

void FillWriter::WriteEntry(const contract::Write& write, const std::string& variable, bool pointer,
                            const std::string& target) {
  const contract::Conversion& conversion = roots_.plan->conversions[write.conversion];
  const contract::Write* fills_value = nullptr;
  const Field& value_field = *conversion.to->FindNumber(2);
  std::string key = DefaultOf(*conversion.to->FindNumber(1), names_);
  Value value;
  for (const contract::Write& part : conversion.writes) {
    const std::vector<const Field*> path = PathTo(conversion.reader, part.source.slot);
    Value found = ValueBelow(variable, pointer, path);
    if (variable.empty()) found.text = path[0]->number == 1 ? "key" : "value";
    if (part.target->number == 1) key = found.text;
    if (part.target->number != 2) continue;
    value = std::move(found);
    fills_value = &part;
  }
  const std::string place =
      Cat("(*", target, "mutable_", Accessor(*write.target->descriptor), "())[", key, ']');
  if (fills_value != nullptr && fills_value->kind == Kind::kConvert) {
    out_.Line(names_.Of(*value_field.message->descriptor), " entry;");
    out_.Line(Fill(*fills_value), '(', value.text, ", entry);");
    out_.Line(place, " = std::move(entry);");
  } else if (fills_value != nullptr) {
    out_.Line(place, " = ", EntryValue(*fills_value, value), ';');
  } else if (value_field.message != nullptr) {
    out_.Line(place, " = ", names_.Of(*value_field.message->descriptor), "();");
  } else {
    out_.Line(place, " = ", DefaultOf(value_field, names_), ';');
  }
}

// An entry has a value even if that of the source has none over there: the default.
std::string FillWriter::EntryValue(const contract::Write& write, const Value& value) const {
  const Field& to = *write.target;
  if (to.type != FieldType::kEnum) return value.text;
  const std::string convert = conversions_.Need(write.enum_map, *value.field, to);
  if (!convert.empty())
    return Cat(convert, '(', value.text, ").value_or(", DefaultOf(to, names_), ')');
  if (!to.enumeration->closed) return Cast(write, value);
  return Cat(names_.Of(*to.enumeration->descriptor), "_IsValid(", value.text, ") ? ",
             Cast(write, value), " : ", DefaultOf(to, names_));
}

}  // namespace frontdesk::codegen
