#include "gateway/contract/path_template.h"

#include "gateway/base/text.h"
#include "gateway/contract/path_text.h"

namespace frontdesk::contract {
namespace {

using Kind = PathTemplate::Segment::Kind;

bool IsIdentStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsIdent(char c) { return IsIdentStart(c) || (c >= '0' && c <= '9'); }

// pchar without ':' (it starts the verb), '*' and '%'; other bytes of UTF-8 are encoded for the
// author.
bool IsLiteral(char c) {
  return IsIdent(c) || static_cast<signed char>(c) < 0 ||
         std::string_view("-.~!$&'()+,;=@").find(c) != std::string_view::npos;
}

std::string Join(const std::vector<std::string>& field_path) {
  std::string out;
  for (const std::string& name : field_path) {
    if (!out.empty()) out.push_back('.');
    out.append(name);
  }
  return out;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) { result_.text = text; }

  absl::StatusOr<PathTemplate> Parse() {
    if (Template()) return std::move(result_);
    return absl::InvalidArgumentError(Absl(error_));
  }

 private:
  bool AtEnd() const { return at_ == text_.size(); }
  char Next() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Looking(char c) const { return !AtEnd() && text_[at_] == c; }
  bool Take(char c) {
    if (!Looking(c)) return false;
    ++at_;
    return true;
  }

  bool FailAt(size_t offset, std::string_view what) {
    error_ = Cat("column ", offset + 1, ": ", what);
    return false;
  }
  bool Expected(std::string_view what) {
    return FailAt(at_, Cat("expected ", what, ", got ", Got()));
  }
  std::string Got() const {
    if (AtEnd()) return "the end";
    const char c = text_[at_];
    if (c > ' ' && c < 0x7f) return Cat('\'', c, '\'');
    if (c == ' ') return "a space";
    const auto byte = static_cast<unsigned char>(c);
    return Cat("byte 0x", "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15]);
  }

  bool Template() {
    if (!Take('/')) return Expected("'/'");
    if (AtEnd()) return true;  // the root
    if (!Segments(/*in_variable=*/false)) return false;
    return Looking(':') ? Verb() : AtEnd() || Stray();
  }

  // What can't follow a whole segment, in the words that help most.
  bool Stray() {
    switch (Next()) {
      case '}':
        return FailAt(at_, "'}' without '{'");
      case '?':
        return FailAt(at_, "a template has no query string");
      case '#':
        return FailAt(at_, "a template has no fragment");
      case '*':
      case '{':
        return FailAt(at_, Cat(Got(), " must start a segment of its own"));
      default:
        return Expected("'/', ':' or the end");
    }
  }

  bool Segments(bool in_variable) {
    do {
      if (!Segment(in_variable)) return false;
    } while (Take('/'));
    return true;
  }

  bool Segment(bool in_variable) {
    const size_t start = at_;
    if (result_.segments.size() == kMaxPathSegments) {
      return FailAt(at_, Cat("more than ", kMaxPathSegments, " segments"));
    }
    if (Take('*')) return Wildcard(start, Take('*') ? Kind::kStarStar : Kind::kStar);
    if (Looking('{')) {
      if (in_variable) return FailAt(at_, "a variable can't contain another variable");
      return Variable();
    }
    std::string decoded;
    if (!Literal("a segment", decoded)) return false;
    if (const std::string_view fault = SegmentFault(decoded); !fault.empty()) {
      return FailAt(start, Cat("the literal is ", fault, ", which is refused in every request"));
    }
    if (after_star_star_) {
      result_.warning = Cat("column ", start + 1,
                            ": a literal after \"**\" (legal in other gateways "
                            "only, the binding's rules want \"**\" last)");
    }
    result_.segments.push_back({Kind::kLiteral, PercentEncode(decoded)});
    return true;
  }

  bool Wildcard(size_t start, Kind kind) {
    // Two wildcards with "**" before one of them could share out a path in several ways.
    if (after_star_star_) return FailAt(start, "only literals can follow \"**\"");
    after_star_star_ = kind == Kind::kStarStar;
    result_.segments.push_back({kind, ""});
    return true;
  }

  // LITERAL, decoded.
  bool Literal(std::string_view what, std::string& decoded) {
    const size_t start = at_;
    while (!AtEnd()) {
      if (Looking('%')) {
        if (text_.size() - at_ < 3 || HexValue(text_[at_ + 1]) < 0 ||
            HexValue(text_[at_ + 2]) < 0) {
          return FailAt(at_, "'%' needs two hexadecimal digits");
        }
        at_ += 3;
      } else if (IsLiteral(Next())) {
        ++at_;
      } else {
        break;
      }
    }
    if (at_ == start) return NoLiteral(what);
    PercentDecode(text_.substr(start, at_ - start), decoded);
    return true;
  }

  bool NoLiteral(std::string_view what) {
    constexpr std::string_view kEncodable = "\"<>[]\\^`|";
    if (!AtEnd() && kEncodable.find(Next()) != std::string_view::npos) {
      return FailAt(at_, Cat(Got(), " must be percent-encoded"));
    }
    return Expected(what);
  }

  // Variable = "{" FieldPath [ "=" Segments ] "}"
  bool Variable() {
    const size_t start = at_++;
    if (result_.variables.size() == kMaxPathVariables) {
      return FailAt(start, Cat("more than ", kMaxPathVariables, " variables"));
    }
    PathTemplate::Variable variable;
    do {
      const size_t name = at_;
      if (!IsIdentStart(Next())) return Expected("a field name");
      while (IsIdent(Next())) ++at_;
      variable.field_path.emplace_back(text_.substr(name, at_ - name));
    } while (Take('.'));
    for (const PathTemplate::Variable& other : result_.variables) {
      if (other.field_path == variable.field_path) {
        return FailAt(start + 1, Cat("variable \"", Join(variable.field_path), "\" appears twice"));
      }
    }
    variable.begin = result_.segments.size();
    if (Take('=')) {
      if (!Segments(/*in_variable=*/true)) return false;
      if (!Take('}')) return Expected("'/' or '}'");
    } else {
      if (!Take('}')) return Expected("'}'");
      if (!Wildcard(start, Kind::kStar)) return false;
    }
    variable.end = result_.segments.size();
    variable.multi = variable.end - variable.begin > 1 ||
                     result_.segments[variable.begin].kind == Kind::kStarStar;
    result_.variables.push_back(std::move(variable));
    return true;
  }

  // Verb = ":" LITERAL
  bool Verb() {
    const size_t start = ++at_;
    std::string decoded;
    if (!Literal("a verb", decoded)) return false;
    if (!AtEnd()) return FailAt(at_, Cat("a verb must be last, got ", Got()));
    if (const std::string_view fault = SegmentFault(decoded); !fault.empty()) {
      return FailAt(start, Cat("the verb is ", fault, ", which is refused in every request"));
    }
    result_.verb = PercentEncode(decoded);
    return true;
  }

  const std::string_view text_;
  size_t at_ = 0;
  bool after_star_star_ = false;
  PathTemplate result_;
  std::string error_;
};

}  // namespace

absl::StatusOr<PathTemplate> ParsePathTemplate(std::string_view text) {
  return Parser(text).Parse();
}

std::string ShapeOf(const PathTemplate& path) {
  std::string shape;
  for (const PathTemplate::Segment& segment : path.segments) {
    shape.push_back('/');
    shape.append(segment.kind == Kind::kLiteral ? segment.literal
                 : segment.kind == Kind::kStar  ? "*"
                                                : "**");
  }
  if (shape.empty()) shape = "/";
  if (!path.verb.empty()) shape.append(":").append(path.verb);
  return shape;
}

}  // namespace frontdesk::contract
