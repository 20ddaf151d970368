// Contracts: the input is the text of a .proto file in package `test`, behind a header that imports
// what options need. What protobuf itself refuses is not looked at. What must hold for any other:
// loading gives a contract or findings, never both, and what a contract holds is whole.
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/descriptor_database.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <set>
#include <string>

#include "gateway/contract/contract.h"
#include "gateway/contract/plan.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk {
namespace {

namespace pb = google::protobuf;

class Silent : public pb::io::ErrorCollector, public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(int, int, const std::string&) override {}
  void AddError(const std::string&, const std::string&, const pb::Message*,
                pb::DescriptorPool::ErrorCollector::ErrorLocation, const std::string&) override {}
};

// What every contract imports, as files with their dependencies first.
const pb::FileDescriptorSet& Imports() {
  static const auto* const set = [] {
    auto* const made = new pb::FileDescriptorSet;
    FUZZ_CHECK(made->ParseFromString(testing::CompileProto("")));
    made->mutable_file()->RemoveLast();  // test.proto itself
    return made;
  }();
  return *set;
}

// A serialised FileDescriptorSet, or "".
std::string Compile(std::string_view text) {
  static const auto* const imports = [] {
    auto* const pool = new pb::DescriptorPool;
    for (const auto& file : Imports().file()) FUZZ_CHECK(pool->BuildFile(file) != nullptr);
    return pool;
  }();
  Silent silent;
  const std::string file = testing::ProtoFile(text);
  pb::io::ArrayInputStream stream(file.data(), static_cast<int>(file.size()));
  pb::io::Tokenizer tokenizer(&stream, &silent);
  pb::FileDescriptorProto proto;
  proto.set_name("test.proto");
  pb::compiler::Parser parser;
  parser.RecordErrorsTo(&silent);
  if (!parser.Parse(&tokenizer, &proto)) return "";
  pb::DescriptorPool pool(imports);
  const pb::FileDescriptor* const built = pool.BuildFileCollectingErrors(proto, &silent);
  if (built == nullptr) return "";
  pb::FileDescriptorSet set = Imports();
  pb::FileDescriptorProto& last = *set.add_file();
  built->CopyTo(&last);
  built->CopyJsonNameTo(&last);
  built->CopySourceCodeInfoTo(&last);
  return set.SerializeAsString();
}

}  // namespace
}  // namespace frontdesk

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace frontdesk;
  const std::string set = Compile(fuzz::Text(data, size));
  if (set.empty()) return 0;
  contract::Findings findings;
  const auto contract = contract::Contract::Load(set, "set", findings);
  FUZZ_CHECK((contract == nullptr) == !findings.empty());
  for (const char c : findings.ToString()) {
    FUZZ_CHECK(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  }
  if (contract == nullptr) return 0;
  for (const contract::Method& method : contract->methods()) {
    FUZZ_CHECK(method.input != nullptr && method.output != nullptr);
    FUZZ_CHECK(contract->FindMethod(method.full_name) == &method);
    for (const contract::Binding& binding : method.bindings) {
      FUZZ_CHECK(binding.captures.size() == binding.path.variables.size());
      FUZZ_CHECK((binding.body == contract::Binding::Body::kField) ==
                 (binding.body_field != nullptr));
    }
  }
  return 0;
}
