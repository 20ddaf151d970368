#include "gateway/contract/source_places.h"

#include <algorithm>

#include "google/protobuf/descriptor.pb.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

bool StartsWith(const SourcePath& path, const SourcePath& prefix) {
  return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

bool Find(const pb::Message& in, const pb::Message* wanted, SourcePath& path) {
  if (&in == wanted) return true;
  const pb::Reflection& reflection = *in.GetReflection();
  std::vector<const pb::FieldDescriptor*> set;
  reflection.ListFields(in, &set);
  for (const pb::FieldDescriptor* field : set) {
    if (field->message_type() == nullptr) continue;
    path.push_back(field->number());
    if (!field->is_repeated()) {
      if (Find(reflection.GetMessage(in, field), wanted, path)) return true;
    }
    for (int i = 0; field->is_repeated() && i < reflection.FieldSize(in, field); ++i) {
      path.push_back(i);
      if (Find(reflection.GetRepeatedMessage(in, field, i), wanted, path)) return true;
      path.pop_back();
    }
    path.pop_back();
  }
  return false;
}

}  // namespace

SourcePath operator+(SourcePath path, const SourcePath& below) {
  path.insert(path.end(), below.begin(), below.end());
  return path;
}

void SourcePlaces::Add(const pb::FileDescriptorProto& file) {
  std::vector<Spot>& spots = files_[file.name()];
  for (const pb::SourceCodeInfo::Location& location : file.source_code_info().location()) {
    // A span is [line, column, (end line,) end column].
    const auto& span = location.span();
    if (span.size() < 3) continue;
    const int end_line = span.size() == 3 ? span[0] : span[2];
    spots.push_back({SourcePath(location.path().begin(), location.path().end()),
                     {span[0], span[1], end_line, span[span.size() - 1]}});
  }
  std::stable_sort(spots.begin(), spots.end(),
                   [](const Spot& a, const Spot& b) { return a.path < b.path; });
}

void SourcePlaces::ReadSources(SourceReader reader, const pb::DescriptorPool& pool) {
  sources_ = std::make_unique<OptionSource>(std::move(reader), pool);
}

Place SourcePlaces::Of(const std::string& file, const SourcePath& path) const {
  const auto found = files_.find(file);
  if (found == files_.end()) return {file};
  const std::vector<Spot>& spots = found->second;
  for (SourcePath prefix = path; !prefix.empty(); prefix.pop_back()) {
    const auto spot =
        std::lower_bound(spots.begin(), spots.end(), prefix,
                         [](const Spot& s, const SourcePath& wanted) { return s.path < wanted; });
    if (spot == spots.end() || !StartsWith(spot->path, prefix)) continue;
    std::pair<int, int> at = {spot->span.line, spot->span.column};
    if (sources_ != nullptr && prefix.size() < path.size() && spot->path == prefix) {
      const SourcePath rest(path.begin() + static_cast<ptrdiff_t>(prefix.size()), path.end());
      at = sources_->Find(file, spot->span, prefix, rest).value_or(at);
    }
    return {file, at.first + 1, at.second + 1};
  }
  return {file};
}

SourcePath FindSourcePath(const pb::FileDescriptorProto& file, const pb::Message* wanted) {
  SourcePath path;
  if (!Find(file, wanted, path)) path.clear();
  return path;
}

}  // namespace frontdesk::contract
