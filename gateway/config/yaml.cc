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
  // Where that begins which was read last: keys, values, lists, maps.
  const Place& last() const { return last_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(Make(YamlNode::Kind::kNothing, mark, "?", anchor));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto named = anchors_.find(anchor);
    // An anchor stands in the table when its node is complete.
    if (named == anchors_.end()) throw YAML::ParserException(mark, "an alias to its own parent");
    const size_t height = named->second.height;
    CheckDepth(mark, levels_.size() + height);
    auto node = std::make_shared<YamlNode>(*named->second.node);
    last_ = node->place = At(mark);
    Add(std::move(node), height);
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
    size_t height = 1;      // levels from here down, this one included
  };
  struct Anchor {
    YamlNode::Pointer node;
    size_t height = 0;
  };

  Place At(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  std::shared_ptr<YamlNode> Make(YamlNode::Kind kind, const YAML::Mark& mark,
                                 const std::string& tag, YAML::anchor_t anchor) {
    auto node = std::make_shared<YamlNode>();
    node->kind = kind;
    last_ = node->place = At(mark);
    if (tag != "" && tag != "?" && tag != "!") {
      findings_.Add(node->place, "", "tags are not used here; leave it out");
    }
    if (kind == YamlNode::Kind::kNothing || kind == YamlNode::Kind::kScalar) Name(anchor, node, 0);
    return node;
  }

  void Name(YAML::anchor_t anchor, const YamlNode::Pointer& node, size_t height) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {node, height};
  }

  // What aliases stand for counts: whoever walks over the tree walks over that, too.
  void CheckDepth(const YAML::Mark& mark, size_t levels) const {
    if (levels <= kMaxDepth) return;
    throw YAML::ParserException(mark, Cat("nested deeper than ", kMaxDepth, " levels"));
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    CheckDepth(mark, levels_.size() + 1);
    levels_.push_back({Make(kind, mark, tag, anchor), anchor, nullptr});
  }

  void Close() {
    const Level level = std::move(levels_.back());
    levels_.pop_back();
    Name(level.anchor, level.node, level.height);
    Add(level.node, level.height);
  }

  void Add(YamlNode::Pointer node, size_t height = 0) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    level.height = std::max(level.height, height + 1);
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
  std::map<YAML::anchor_t, Anchor> anchors_;
  Place last_{file_, 1, 1};
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

// The parser quotes what it does not understand, byte by byte.
std::string Words(const YAML::Exception& error) {
  std::string words = Cat("YAML: ", error.msg);
  std::replace_if(
      words.begin(), words.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return words;
}

// The parser's own words, or better ones where they lead astray.
contract::Finding SyntaxError(std::string_view text, const std::string& name,
                              const YAML::Exception& error, const TreeBuilder& builder) {
  const int line = error.mark.line;
  if (error.mark.is_null()) return {{name, 0, 0}, "", Words(error)};
  // The quote itself is in none of the parser's marks.
  if (error.msg == YAML::ErrorMsg::DOC_IN_SCALAR) {
    return {builder.last(), "",
            "YAML: here or behind this a quote begins that has no end, or a line in it begins with "
            "--- or ..."};
  }
  const YamlNode* const open = builder.open();
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

// Ends the document: else the parser takes a quote without an end for one that ends with the file,
// and a directive at the end for nothing.
std::string WithEnd(std::string_view text) {
  return Cat(text, text.empty() || text.ends_with('\n') ? "" : "\n", "...\n");
}

// Of a document of which nothing but its end was seen: the line that began it.
contract::Finding SecondDocument(std::string_view text, const std::string& name) {
  constexpr std::string_view kSecond = "a second document begins; only one is used";
  contract::Finding finding{{name, 0, 0}, "", std::string(kSecond)};
  for (int line = 1; !text.empty(); ++line) {
    const std::string_view words = text.substr(0, text.find_first_of("\r\n"));
    if (words.starts_with('%') || words.starts_with("---")) {
      finding.place = {name, line, 1};
      finding.text = words.starts_with('%')
                         ? "a directive, which is for a document that follows, and none does"
                         : kSecond;
    }
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  }
  return finding;
}

}  // namespace

YamlNode::Pointer ParseYaml(std::string_view text, std::string_view file, Findings& findings) {
  const std::string name(file);
  if (!CheckBytes(text, name, findings)) return nullptr;
  const std::string ended = WithEnd(text);
  // Nothing was seen before the end that was added.
  const auto is_empty = [&](const YamlNode::Pointer& root) {
    return !root || (root->kind == YamlNode::Kind::kNothing &&
                     root->place.line == std::count(ended.begin(), ended.end(), '\n'));
  };
  TreeBuilder builder(file, findings);
  try {
    std::istringstream stream(ended);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder) || is_empty(builder.root())) {
      findings.Add({name, 1, 1}, "", "nothing is in this file");
      return nullptr;
    }
    TreeBuilder second(file, findings);
    if (parser.HandleNextDocument(second)) {
      const contract::Finding finding =
          is_empty(second.root()) ? SecondDocument(text, name)
                                  : contract::Finding{second.root()->place, "",
                                                      "a second document begins; only one is used"};
      findings.Add(finding.place, finding.path, finding.text);
      return nullptr;
    }
    // A block at the end has a last line break only where the file has one.
    if (!text.ends_with('\n')) {
      Findings told;  // the same as before
      TreeBuilder as_written(file, told);
      std::istringstream written{std::string(text)};
      YAML::Parser(written).HandleNextDocument(as_written);
      return as_written.root();
    }
  } catch (const YAML::Exception& error) {
    const contract::Finding finding = SyntaxError(text, name, error, builder);
    findings.Add(finding.place, finding.path, finding.text);
    return nullptr;
  }
  return builder.root();
}

}  // namespace frontdesk::config
