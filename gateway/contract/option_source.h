// Places inside of `option (name) = { ... }`. A descriptor set knows only where the option begins;
// the rest takes the text of the .proto file.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace google::protobuf {
class Descriptor;
class DescriptorPool;
}  // namespace google::protobuf

namespace frontdesk::contract {

// The text of a file by its name in the descriptor set, nothing when it is not there.
using SourceReader = std::function<std::optional<std::string>(const std::string& file)>;

// Reads the files below these folders; the first that has one wins.
SourceReader SourcesBelow(std::vector<std::string> folders);

// What SourceCodeInfo says of an option: 0-based, tabs reaching to multiples of 8.
struct SourceSpan {
  int line = 0;
  int column = 0;
  int end_line = 0;
  int end_column = 0;
};

// Reads each file and each option once. Single-threaded.
class OptionSource {
 public:
  // `pool` holds the definitions of the options and outlives this.
  OptionSource(SourceReader reader, const google::protobuf::DescriptorPool& pool);
  ~OptionSource();

  // The 0-based line and column of what `rest` leads to (field numbers, and indices of repeated
  // fields) inside of the braces of an option whose value is found by `path` from the file;
  // nothing when the text can't be had or is not the one that was compiled.
  std::optional<std::pair<int, int>> Find(const std::string& file, const SourceSpan& span,
                                          const std::vector<int>& path,
                                          const std::vector<int>& rest);

 private:
  struct Option;

  const std::string* Text(const std::string& file);
  std::unique_ptr<Option> Read(const std::string& file, const SourceSpan& span,
                               const std::vector<int>& path);

  const SourceReader reader_;
  const google::protobuf::DescriptorPool& pool_;
  std::map<std::string, std::optional<std::string>> texts_;
  std::map<std::pair<std::string, std::vector<int>>, std::unique_ptr<Option>> options_;
};

}  // namespace frontdesk::contract
