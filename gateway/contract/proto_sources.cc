#include "gateway/contract/proto_sources.h"

#include <memory>
#include <set>

#include "frontdesk/v1/compose.pb.h"
#include "frontdesk/v1/options.pb.h"
#include "gateway/base/text.h"
#include "gateway/contract/descriptor_set.h"
#include "gateway/contract/option_names.h"
#include "gateway/contract/source_places.h"
#include "google/api/annotations.pb.h"
#include "google/protobuf/compiler/parser.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/stubs/logging.h"

namespace frontdesk::contract {
namespace {

namespace pb = google::protobuf;

class SyntaxErrors final : public pb::io::ErrorCollector {
 public:
  SyntaxErrors(const std::string& file, Findings& findings) : file_(file), findings_(findings) {}
  void AddError(int line, int column, const std::string& message) override {
    findings_.Add({file_, line + 1, column + 1}, "", message);
  }

 private:
  const std::string& file_;
  Findings& findings_;
};

class SourceCompiler {
 public:
  SourceCompiler(const SourceReader& sources, Findings& findings)
      : sources_(sources), findings_(findings) {}

  std::optional<std::string> Compile(const std::vector<std::string>& files) {
    const pb::LogSilencer quiet;  // what is wrong is told by findings, not on stderr as well
    const size_t before = findings_.size();
    for (const std::string& file : files) Add(file, {file});
    const bool whole = findings_.size() == before;
    for (pb::FileDescriptorProto& file : *set_.mutable_file()) {
      TakeOutWrongOptions(file, sources_, places_, findings_);
    }
    // What is linked when a file is missing gives no contract, but what is wrong by itself is told.
    const std::unique_ptr<pb::DescriptorPool> pool =
        whole ? LinkDescriptors(set_, places_, findings_)
              : LinkDescriptors(Readable(), places_, findings_);
    if (!whole || pool == nullptr) return std::nullopt;
    pb::FileDescriptorSet linked;
    for (const pb::FileDescriptorProto& file : set_.file()) {
      const pb::FileDescriptor& built = *pool->FindFileByName(file.name());
      built.CopyTo(linked.add_file());
      built.CopySourceCodeInfoTo(linked.mutable_file(linked.file_size() - 1));
    }
    return linked.SerializeAsString();
  }

 private:
  // The file and, first, what it imports. `place`: where it is asked for.
  void Add(const std::string& name, const Place& place) {
    if (!seen_.insert(name).second) return;
    const size_t before = findings_.size();
    pb::FileDescriptorProto file;
    file.set_name(name);
    if (const std::optional<std::string> text = sources_(name)) {
      Parse(*text, file);
    } else if (const auto* known = pb::DescriptorPool::generated_pool()->FindFileByName(name)) {
      known->CopyTo(&file);
    } else {
      findings_.Add(place, "",
                    Cat("cannot find ", Quoted(name), " below the folders given with -I"));
      unreadable_.insert(name);
      return;
    }
    if (findings_.size() != before) unreadable_.insert(name);
    places_.Add(file);
    for (int i = 0; i < file.dependency_size(); ++i) {
      const SourcePath import = {pb::FileDescriptorProto::kDependencyFieldNumber, i};
      Add(file.dependency(i), places_.Of(name, import));
      if (unreadable_.contains(file.dependency(i))) unreadable_.insert(name);
    }
    *set_.add_file() = std::move(file);
  }

  // Without the files that could not be read and those that import them.
  pb::FileDescriptorSet Readable() const {
    pb::FileDescriptorSet readable;
    for (const pb::FileDescriptorProto& file : set_.file()) {
      if (!unreadable_.contains(file.name())) *readable.add_file() = file;
    }
    return readable;
  }

  void Parse(const std::string& text, pb::FileDescriptorProto& file) {
    SyntaxErrors errors(file.name(), findings_);
    pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer tokens(&stream, &errors);
    if (tokens.Next() && tokens.current().text == "edition") {
      errors.AddError(tokens.current().line, tokens.current().column,
                      "written in an edition; this build reads proto2 and proto3");
      return;
    }
    pb::io::ArrayInputStream again(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer input(&again, &errors);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    parser.Parse(&input, &file);
  }

  const SourceReader& sources_;
  Findings& findings_;
  pb::FileDescriptorSet set_;
  SourcePlaces places_;
  std::set<std::string> seen_;
  std::set<std::string> unreadable_;  // or importing what is
};

}  // namespace

std::optional<std::string> CompileSources(const std::vector<std::string>& files,
                                          const SourceReader& sources, Findings& findings) {
  // Their files are linked, from a library, only when something of them is used.
  frontdesk::v1::Policy::descriptor();
  frontdesk::v1::Composition::descriptor();
  google::api::HttpRule::descriptor();
  [[maybe_unused]] const volatile int used = google::api::http.number();
  return SourceCompiler(sources, findings).Compile(files);
}

}  // namespace frontdesk::contract
