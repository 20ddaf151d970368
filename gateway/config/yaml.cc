#include "gateway/config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

#include "gateway/base/text.h"
#include "gateway/base/utf8.h"

namespace frontdesk::config {
namespace {

using contract::Findings;
using contract::Place;

constexpr size_t kMaxDepth = 32;

// Builds the tree from the parser's events. The parser reports its errors, and this class the
// document's, as YAML::ParserException.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, Findings& findings) : file_(file), findings_(findings) {}

  YamlNode::Pointer root() const { return root_; }
  // What was opened last and is not closed; null when there is nothing.
  const YamlNode* open() const { return levels_.empty() ? nullptr : levels_.back().node.get(); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(Make(YamlNode::Kind::kNothing, mark, "?", anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    // An anchor stands in the table when its node is complete.
    if (named == anchors_.end()) throw YAML::ParserException(mark, "an alias to its own parent");
    auto node = std::make_shared<YamlNode>(*named->second);
    node->place = At(mark);
    Add(std::move(node));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Make(YamlNode::Kind::kScalar, mark, tag, anchor);
    node->text = value;
    node->quoted = tag == "!";
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  struct Level {
    std::shared_ptr<YamlNode> node;
    YAML::anchor_t anchor;
    YamlNode::Pointer key;  // of a map, waiting for its value
  };

  Place At(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  std::shared_ptr<YamlNode> Make(YamlNode::Kind kind, const YAML::Mark& mark,
                                 const std::string& tag, YAML::anchor_t anchor) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    node->place = At(mark);
    if (tag != "" && tag != "?" && tag != "!") {
      findings_.Add(node->place, "", "tags are not used here; leave it out");
    }
    if (kind == YamlNode::Kind::kNothing || kind == YamlNode::Kind::kScalar) Name(anchor, node);
    return node;
  }

  void Name(YAML::anchor_t anchor, const YamlNode::Pointer& node) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    if (levels_.size() == kMaxDepth) {
      throw YAML::ParserException(mark, Cat("nested deeper than ", kMaxDepth, " levels"));
    }
    levels_.push_back({Make(kind, mark, tag, anchor), anchor, nullptr});
  }

  void Close() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    Name(level.anchor, level.node);
    Add(level.node);
  }

  void Add(YamlNode::Pointer node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node->kind == YamlNode::Kind::kList) {
      level.node->items.push_back(std::move(node));
    } else if (!level.key) {
      level.key = std::move(node);
    } else {
      level.node->members.emplace_back(std::move(level.key), std::move(node));
      level.key = nullptr;
    }
  }

  const std::string file_;
  Findings& findings_;
  YamlNode::Pointer root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, YamlNode::Pointer> anchors_;
};

// What is wrong with the bytes, before anything tries to understand them.
std::optional<std::string> BadByte(std::string_view rest) {
  const auto byte = static_cast<unsigned char>(rest.front());
  if (byte < 0x20 || byte == 0x7f) {
    if (byte == '\t' || byte == '\n' || rest.starts_with("\r\n")) return std::nullopt;
    return Cat("control character (byte ", int{byte}, "); write it as an escape in quotes");
  }
  uint32_t code = 0;
  if (DecodeUtf8(rest.data(), rest.data() + rest.size(), code) > 0) return std::nullopt;
  return Cat("not UTF-8 (byte ", int{byte}, ")");
}

bool CheckBytes(std::string_view text, const std::string& name, Findings& findings) {
  if (text.size() > kMaxYamlBytes) {
    findings.Add({name, 0, 0}, "", Cat("larger than ", kMaxYamlBytes, " bytes"));
    return false;
  }
  if (text.starts_with("\xef\xbb\xbf")) {
    findings.Add({name, 1, 1}, "", "begins with a byte order mark; save it as UTF-8 without one");
    return false;
  }
  int line = 1;
  size_t line_begin = 0;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = text.substr(i);
    if (const auto bad = BadByte(rest)) {
      findings.Add({name, line, static_cast<int>(i - line_begin) + 1}, "", *bad);
      return false;
    }
    if (rest.front() == '\n') {
      ++line;
      line_begin = i + 1;
    }
    uint32_t code = 0;
    i += static_cast<size_t>(DecodeUtf8(rest.data(), rest.data() + rest.size(), code));
  }
  return true;
}

// The parser quotes what it does not understand, its own mark for the end of the file included.
std::string Words(const YAML::Exception& error) {
  std::string words = Cat("YAML: ", error.msg);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return words;
}

// The parser's own words, or better ones where they lead astray.
contract::Finding SyntaxError(std::string_view text, const std::string& name,
                              const YAML::Exception& error, const YamlNode* open) {
  const int line = error.mark.line;
  if (error.mark.is_null()) return {{name, 0, 0}, "", Words(error)};
  const bool unclosed =
      error.msg == YAML::ErrorMsg::END_OF_MAP_FLOW || error.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW;
  if (unclosed && open) return {open->place, "", "YAML: what begins here has no end"};
  for (int skipped = 0; skipped < line; ++skipped) text.remove_prefix(text.find('\n') + 1);
  const size_t tab = text.substr(0, text.find_first_not_of(" \t")).find('\t');
  if (tab != std::string_view::npos) {
    return {{name, line + 1, static_cast<int>(tab) + 1}, "", "YAML: a tab in the indentation"};
  }
  return {{name, line + 1, error.mark.column + 1}, "", Words(error)};
}

}  // namespace

YamlNode::Pointer ParseYaml(std::string_view text, std::string_view file, Findings& findings) {
  const std::string name(file);
  if (!CheckBytes(text, name, findings)) return nullptr;
  TreeBuilder builder(file, findings);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      findings.Add({name, 1, 1}, "", "nothing is in this file");
      return nullptr;
    }
    TreeBuilder second(file, findings);
    if (parser.HandleNextDocument(second)) {
      findings.Add(second.root() ? second.root()->place : Place{name, 0, 0}, "",
                   "a second document begins; only one is used");
      return nullptr;
    }
  } catch (const YAML::Exception& error) {
    const contract::Finding finding = SyntaxError(text, name, error, builder.open());
    findings.Add(finding.place, finding.path, finding.text);
    return nullptr;
  }
  return builder.root();
}

}  // namespace frontdesk::config
