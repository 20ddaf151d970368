#include "codegen/cpp/condition_writer.h"

#include <string>
#include <utility>
#include <vector>

#include "codegen/cpp/constant_writer.h"

namespace frontdesk::codegen {
namespace {

using contract::Field;
using contract::FieldType;
using contract::PlanCondition;
using contract::Source;
using Kind = PlanCondition::Kind;

// Part of a condition, and how strongly it holds together.
struct Expression {
  enum class Binds { kAnd, kOr, kCompares, kUnary };
  Binds binds = Binds::kUnary;
  std::string text;               // kCompares: the left side
  std::string right;              // kCompares
  bool equal = false;             // kCompares: == or !=
  std::vector<Expression> parts;  // kAnd, kOr; of "not all of these" with `negated`
  bool negated = false;
};
using Binds = Expression::Binds;

std::string_view SignOf(Binds binds) { return binds == Binds::kAnd ? " &&" : " ||"; }

// Operators of two kinds side by side need brackets.
bool NeedsBrackets(const Expression& part, const Expression& around) {
  return !part.parts.empty() && !part.negated && part.binds != around.binds;
}

std::string TextOf(const Expression& expression) {
  if (expression.binds == Binds::kCompares) {
    return Cat(expression.text, expression.equal ? " == " : " != ", expression.right);
  }
  if (expression.parts.empty()) return expression.text;
  std::string text;
  for (const Expression& part : expression.parts) {
    if (!text.empty()) text += Cat(SignOf(expression.binds), ' ');
    text += NeedsBrackets(part, expression) ? Cat('(', TextOf(part), ')') : TextOf(part);
  }
  return expression.negated ? Cat("!(", text, ')') : text;
}

// Goes on with `line`; what does not fit in one has a line per operand. `tail` comes behind it.
void Lay(const Expression& expression, std::string_view tail, std::string& line, Printer& out) {
  const std::string text = TextOf(expression);
  const bool fits = out.margin() + line.size() + text.size() + tail.size() <= Printer::kWidth;
  if (fits || expression.parts.empty()) {
    line += Cat(text, tail);
    return;
  }
  if (expression.negated) line += "!(";
  const std::string margin(line.size(), ' ');
  const std::string end = expression.negated ? Cat(')', tail) : std::string(tail);
  for (const Expression& part : expression.parts) {
    const bool last = &part == &expression.parts.back();
    const std::string behind = last ? end : std::string(SignOf(expression.binds));
    const bool brackets = NeedsBrackets(part, expression);
    if (brackets) line += '(';
    Lay(part, brackets ? Cat(')', behind) : behind, line, out);
    if (last) return;
    out.Line(line);
    line = margin;
  }
}

Expression Join(std::vector<Expression> parts, Binds binds) {
  if (parts.size() == 1) return std::move(parts.front());
  Expression all;
  all.binds = binds;
  all.parts = std::move(parts);
  return all;
}

Expression Not(Expression expression) {
  if (!expression.parts.empty()) {
    expression.negated = !expression.negated;
  } else if (expression.binds == Binds::kCompares) {
    expression.equal = !expression.equal;
  } else if (expression.text.front() == '!') {
    expression.text.erase(0, 1);
  } else {
    expression.text.insert(0, 1, '!');
  }
  return expression;
}

Expression Atom(std::string text) {
  Expression expression;
  expression.text = std::move(text);
  return expression;
}

Expression Comparison(std::string left, std::string right, bool equal) {
  Expression expression = Atom(std::move(left));
  expression.binds = Binds::kCompares;
  expression.right = std::move(right);
  expression.equal = equal;
  return expression;
}

class ConditionText {
 public:
  ConditionText(const Roots& roots, const Names& names) : roots_(roots), names_(names) {}

  Expression Of(const PlanCondition& condition) const {
    switch (condition.kind) {
      case Kind::kHas:
        return Has(condition.source);
      case Kind::kIn:
        return In(condition);
      case Kind::kNot:
        return Not(Of(condition.children[0]));
      case Kind::kAnd:
      case Kind::kOr:
        break;
    }
    std::vector<Expression> parts;
    for (const PlanCondition& child : condition.children) parts.push_back(Of(child));
    return Join(parts, condition.kind == Kind::kAnd ? Binds::kAnd : Binds::kOr);
  }

 private:
  Expression Has(const Source& source) const {
    if (!source.claim.empty()) {
      return Atom(Cat(names_.Global("frontdesk::compose::HasClaim"), "(context(), ",
                      QuotedLiteral(source.claim), ')'));
    }
    const Value value = ValueOf(source, roots_, "");
    if (source.root == Source::Root::kStep && source.field == nullptr) {
      return Atom(Cat(roots_.steps[source.step], ".there()"));
    }
    if (!value.there.empty()) return Atom(value.there);
    if (value.field->repeated) return Atom(Cat('!', value.text, ".empty()"));
    return Nonzero(value);
  }

  Expression Nonzero(const Value& value) const {
    switch (value.field->type) {
      case FieldType::kString:
      case FieldType::kBytes:
      case FieldType::kDouble:
      case FieldType::kFloat:
      case FieldType::kBool:
        return Atom(NotDefault(value, names_));
      default:
        return Comparison(value.text, "0", false);
    }
  }

  Expression ClaimIn(const PlanCondition& condition) const {
    std::string values;
    for (const std::string& value : condition.values) {
      values += Cat(values.empty() ? "" : ", ", QuotedLiteral(value));
    }
    return Atom(Cat(names_.Global("frontdesk::compose::ClaimIsOneOf"), "(context(), ",
                    QuotedLiteral(condition.source.claim), ", {", values, "})"));
  }

  Expression In(const PlanCondition& condition) const {
    if (!condition.source.claim.empty()) return ClaimIn(condition);
    const Value value = ValueOf(condition.source, roots_, "");
    std::vector<Expression> any;
    if (condition.source.root == Source::Root::kCaller) {
      // Nobody is called "".
      for (const std::string& name : condition.values) {
        if (!name.empty()) any.push_back(Comparison(value.text, QuotedLiteral(name), true));
      }
      return any.empty() ? Atom("false") : Join(any, Binds::kOr);
    }
    const Field& field = *condition.source.field;
    bool of_default = false;
    for (const std::string& bytes : condition.values) {
      const std::string literal = LiteralOf(field, bytes, names_);
      of_default = of_default || literal == DefaultOf(field, names_);
      any.push_back(Is(value, literal));
    }
    const Expression one_of_them = Join(any, Binds::kOr);
    // What is not there reads as its default.
    const std::string& there = field.has_presence ? value.there : value.around;
    if (!of_default || there.empty()) return one_of_them;
    return Join({Atom(there), one_of_them}, Binds::kAnd);
  }

  static Expression Is(const Value& value, const std::string& literal) {
    const FieldType type = value.field->type;
    if (type == FieldType::kBool) {
      const Expression yes = Atom(value.text);
      return literal == "true" ? yes : Not(yes);
    }
    if (IsText(type) && literal == "\"\"") return Atom(Cat(value.text, ".empty()"));
    return Comparison(value.text, literal, true);
  }

  const Roots& roots_;
  const Names& names_;
};

}  // namespace

void WriteCondition(std::string_view head, const PlanCondition& condition, const Roots& roots,
                    const Names& names, Printer& out) {
  std::string line = Cat(head, ' ');
  Lay(ConditionText(roots, names).Of(condition), ";", line, out);
  out.Line(line);
}

uint64_t Guarded(const PlanCondition& condition) {
  uint64_t all = ~uint64_t{0};
  uint64_t any = 0;
  for (const PlanCondition& child : condition.children) {
    const uint64_t guarded = Guarded(child);
    all &= guarded;
    any |= guarded;
  }
  switch (condition.kind) {
    case Kind::kHas:
    case Kind::kIn:
      return condition.source.root == Source::Root::kStep ? uint64_t{1} << condition.source.step
                                                          : 0;
    case Kind::kNot:
      return 0;
    case Kind::kAnd:
      return any;
    case Kind::kOr:
      return all;
  }
  return 0;
}

}  // namespace frontdesk::codegen
