#include "tests/support/descriptor_set.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstdio>
#include <cstdlib>
#include <set>

#include "frontdesk/v1/compose.pb.h"
#include "frontdesk/v1/options.pb.h"
#include "google/api/annotations.pb.h"
#include "google/api/http.pb.h"
#include "google/api/httpbody.pb.h"

namespace frontdesk::testing {
namespace {

namespace pb = google::protobuf;

[[noreturn]] void Die(const std::string& file, int line, const std::string& message) {
  std::fprintf(stderr, "%s:%d: %s\n", file.c_str(), line + 1, message.c_str());
  std::abort();
}

class DieOnError : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  explicit DieOnError(std::string file) : file_(std::move(file)) {}
  void AddError(int line, int, const std::string& message) override { Die(file_, line, message); }
  void AddError(const std::string& file, const std::string& element, const pb::Message*,
                pb::DescriptorPool::ErrorCollector::ErrorLocation,
                const std::string& message) override {
    Die(file, 0, element + ": " + message);
  }

 private:
  const std::string file_;
};

// A file after the files it imports.
void AddTo(pb::FileDescriptorSet& set, std::set<const pb::FileDescriptor*>& done,
           const pb::FileDescriptor* file) {
  if (!done.insert(file).second) return;
  for (int i = 0; i < file->dependency_count(); ++i) AddTo(set, done, file->dependency(i));
  pb::FileDescriptorProto& proto = *set.add_file();
  file->CopyTo(&proto);
  file->CopyJsonNameTo(&proto);
  file->CopySourceCodeInfoTo(&proto);
}

}  // namespace

std::string CompileProtos(const std::map<std::string, std::string>& files) {
  pb::SimpleDescriptorDatabase own;
  for (const auto& [name, text] : files) {
    DieOnError errors(name);
    pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    pb::io::Tokenizer tokenizer(&stream, &errors);
    pb::FileDescriptorProto proto;
    proto.set_name(name);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&errors);
    if (!parser.Parse(&tokenizer, &proto) || !own.Add(proto)) Die(name, 0, "doesn't parse");
  }
  // Their files are linked, from a library, only when something of them is used.
  google::api::HttpBody::descriptor();
  google::api::HttpRule::descriptor();
  [[maybe_unused]] const volatile int used = google::api::http.number();
  frontdesk::v1::Policy::descriptor();
  frontdesk::v1::Composition::descriptor();
  pb::DescriptorPoolDatabase linked(*pb::DescriptorPool::generated_pool());
  pb::MergedDescriptorDatabase both(&own, &linked);
  DieOnError errors("");
  pb::DescriptorPool pool(&both, &errors);
  pb::FileDescriptorSet set;
  std::set<const pb::FileDescriptor*> done;
  for (const auto& [name, text] : files) {
    const pb::FileDescriptor* file = pool.FindFileByName(name);
    if (file == nullptr) Die(name, 0, "can't be built");
    AddTo(set, done, file);
  }
  return set.SerializeAsString();
}

std::string ProtoFile(std::string_view text) {
  constexpr std::string_view kHeader =
      "syntax = \"proto3\"; package test; import \"google/api/annotations.proto\"; "
      "import \"google/api/httpbody.proto\"; import \"frontdesk/v1/options.proto\"; "
      "import \"frontdesk/v1/compose.proto\"; import \"google/protobuf/any.proto\"; "
      "import \"google/protobuf/duration.proto\"; import \"google/protobuf/empty.proto\"; "
      "import \"google/protobuf/field_mask.proto\"; import \"google/protobuf/struct.proto\"; "
      "import \"google/protobuf/timestamp.proto\"; import \"google/protobuf/wrappers.proto\";\n";
  return std::string(kHeader).append(text);
}

std::string CompileProto(std::string_view text) {
  return CompileProtos({{"test.proto", ProtoFile(text)}});
}

}  // namespace frontdesk::testing
