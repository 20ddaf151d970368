#include "gateway/contract/option_text.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/contract/findings.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;
using pb::FieldDescriptor;
using Tokenizer = pb::io::Tokenizer;

// protoc's own limit is lower.
constexpr int kDeepest = 100;

class Walk final : public pb::io::ErrorCollector {
 public:
  explicit Walk(std::string_view body)
      : stream_(body.data(), static_cast<int>(body.size())), tokens_(&stream_, this) {
    tokens_.set_require_space_after_number(false);
    tokens_.Next();
  }

  std::vector<OptionMistake> Run(const pb::Descriptor& type) {
    Message(&type, "", 0);
    return std::move(mistakes_);
  }

 private:
  void AddError(int line, int column, const std::string& text) override {
    mistakes_.push_back({line, column, text});
  }
  void Add(std::string_view text) {
    AddError(tokens_.current().line, tokens_.current().column, std::string(text));
  }
  // The rest can't be made sense of.
  void Stop(std::string_view expected) {
    if (stopped_) return;
    const std::string& got = tokens_.current().text;
    Add(Cat("expected ", expected, ", got ", got.empty() ? "the end" : Quoted(got)));
    stopped_ = true;
  }
  bool Is(std::string_view text) { return tokens_.current().text == text; }
  bool IsType(Tokenizer::TokenType type) { return tokens_.current().type == type; }
  bool Take(std::string_view text) {
    if (!Is(text)) return false;
    tokens_.Next();
    return true;
  }

  // Up to `close`, which is taken too. `type` is null where it is not known.
  void Message(const pb::Descriptor* type, std::string_view close, int depth) {
    if (depth > kDeepest) return Stop("less depth");
    while (!stopped_ && !(close.empty() ? IsType(Tokenizer::TYPE_END) : Is(close))) {
      const FieldDescriptor* const field = Key(type);
      if (stopped_) return;
      if (!Take(":") && !NeedsNoColon(field)) return Stop("':'");
      Value(field, depth);
      if (!Take(",")) Take(";");
    }
    if (!stopped_ && !close.empty()) tokens_.Next();
  }

  // What stands here needs no ':' before it: a message or a list of them.
  bool NeedsNoColon(const FieldDescriptor* field) {
    if (Is("[")) return field == nullptr || field->message_type() != nullptr;
    return Is("{") || Is("<");
  }

  // Null for a key that is none, and for the type of an Any.
  const FieldDescriptor* Key(const pb::Descriptor* type) {
    if (Take("[")) {
      while (!Is("]") && !IsType(Tokenizer::TYPE_END)) tokens_.Next();
      if (!Take("]")) Stop("']'");
      return nullptr;
    }
    if (!IsType(Tokenizer::TYPE_IDENTIFIER)) {
      Stop("a key");
      return nullptr;
    }
    const std::string key = tokens_.current().text;
    const FieldDescriptor* const field = type == nullptr ? nullptr : type->FindFieldByName(key);
    if (type != nullptr && field == nullptr) {
      std::vector<std::string> names;
      for (int i = 0; i < type->field_count(); ++i) names.push_back(type->field(i)->name());
      Add(Cat(type->full_name(), " has no field ", Quoted(key), DidYouMean(key, names)));
    }
    tokens_.Next();
    return field;
  }

  void Value(const FieldDescriptor* field, int depth) {
    if (!Is("[")) return Element(field, depth);
    if (field != nullptr && !field->is_repeated()) {
      Add(Cat(Quoted(field->name()), " is a single value, not a list"));
      field = nullptr;
    }
    tokens_.Next();
    while (!stopped_ && !Take("]")) {
      Element(field, depth);
      if (!Take(",") && !Is("]")) Stop("',' or ']'");
    }
  }

  void Element(const FieldDescriptor* field, int depth) {
    if (Is("{") || Is("<")) {
      if (field != nullptr && field->message_type() == nullptr) {
        Add(Cat(Quoted(field->name()), " is of type ", field->cpp_type_name(), ", not a message"));
        field = nullptr;
      }
      const bool brace = Is("{");
      tokens_.Next();
      const pb::Descriptor* type = field == nullptr ? nullptr : field->message_type();
      return Message(type, brace ? "}" : ">", depth + 1);
    }
    Scalar(field);
  }

  void Scalar(const FieldDescriptor* field) {
    const Tokenizer::Token first = tokens_.current();
    const bool minus = Take("-");
    const Tokenizer::TokenType type = tokens_.current().type;
    if (type == Tokenizer::TYPE_END || type == Tokenizer::TYPE_SYMBOL) return Stop("a value");
    const std::string wrong = field == nullptr ? "" : Mismatch(*field, minus);
    if (!wrong.empty()) AddError(first.line, first.column, wrong);
    tokens_.Next();
    while (type == Tokenizer::TYPE_STRING && IsType(type)) tokens_.Next();  // "joined" "text"
  }

  // What is wrong with the current token as a value of `field`, or "".
  std::string Mismatch(const FieldDescriptor& field, bool minus) {
    const Tokenizer::Token& token = tokens_.current();
    const std::string name = Quoted(field.name());
    const bool integer = token.type == Tokenizer::TYPE_INTEGER;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        return Cat(name, " is a message: { ... }");
      case FieldDescriptor::CPPTYPE_STRING:
        if (token.type == Tokenizer::TYPE_STRING && !minus) return "";
        return Cat(name, " is a string: it needs quotes");
      case FieldDescriptor::CPPTYPE_BOOL:
        if (integer || IsBool(token.text)) return "";
        return Cat(name, " is true or false, not ", token.text);
      case FieldDescriptor::CPPTYPE_ENUM:
        return integer ? "" : EnumMismatch(*field.enum_type(), token.text);
      case FieldDescriptor::CPPTYPE_FLOAT:
      case FieldDescriptor::CPPTYPE_DOUBLE:
        return token.type == Tokenizer::TYPE_STRING ? Cat(name, " is a number") : "";
      default:
        break;
    }
    const bool is_unsigned = field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32 ||
                             field.cpp_type() == FieldDescriptor::CPPTYPE_UINT64;
    if (integer && !(minus && is_unsigned)) return "";
    return Cat(name, is_unsigned ? " is a number of at least 0" : " is a whole number");
  }

  static bool IsBool(std::string_view word) {
    constexpr std::string_view kWords[] = {"true", "false", "True", "False", "t", "f"};
    return std::find(std::begin(kWords), std::end(kWords), word) != std::end(kWords);
  }

  static std::string EnumMismatch(const pb::EnumDescriptor& type, const std::string& word) {
    if (type.FindValueByName(word) != nullptr) return "";
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) names.push_back(type.value(i)->name());
    return Cat(type.full_name(), " has no value ", Quoted(word), DidYouMean(word, names));
  }

  pb::io::ArrayInputStream stream_;
  std::vector<OptionMistake> mistakes_;
  bool stopped_ = false;
  Tokenizer tokens_;  // last: it reports to this at once
};

}  // namespace

std::vector<OptionMistake> CheckOptionText(std::string_view body, const pb::Descriptor& type) {
  return Walk(body).Run(type);
}

}  // namespace frontdesk::contract
