// YAML text -> a tree that knows where everything stands, and nothing of what it means.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/contract/findings.h"

namespace frontdesk::config {

struct YamlNode {
  enum class Kind { kNothing, kScalar, kList, kMap };
  using Pointer = std::shared_ptr<const YamlNode>;

  Kind kind = Kind::kNothing;
  // Of an empty value, which stands nowhere, this is where the next thing stands.
  contract::Place place;
  std::string text;     // of a scalar
  bool quoted = false;  // a scalar in quotes or a block: text whatever it looks like
  std::vector<Pointer> items;
  std::vector<std::pair<Pointer, Pointer>> members;  // in the order of the file, doubles included
};

// One document of at most 1 MiB and 32 levels, those of what aliases stand for included, in UTF-8
// without byte order mark and without control characters; null, with a finding, for anything else.
// Tags other than the implicit ones are findings too. An alias is the node that it names, in the
// alias' place. `name` is the file's name in findings.
YamlNode::Pointer ParseYaml(std::string_view text, std::string_view name,
                            contract::Findings& findings);

inline constexpr size_t kMaxYamlBytes = 1 << 20;

}  // namespace frontdesk::config
