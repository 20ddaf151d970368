#include "codegen/common/plugin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "gateway/base/text.h"
#include "google/protobuf/descriptor.pb.h"
#include "tests/support/descriptor_set.h"

namespace frontdesk::codegen {
namespace {

using google::protobuf::compiler::CodeGeneratorRequest;
using google::protobuf::compiler::CodeGeneratorResponse;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGood[] = R"(
  message Key { string id = 1; optional string name = 2; }
  service Back { rpc Get(Key) returns (Key); }
)";
constexpr char kBad[] = R"(
  message Key { string id = 1; }
  service Back {
    rpc Get(Key) returns (Key) { option (google.api.http) = { get: "/{idd}" }; }
    rpc Put(Key) returns (Key) { option (google.api.http) = { get: "/{id" }; }
  }
)";

// A request for test.proto, as protoc makes it.
CodeGeneratorRequest RequestOf(const std::string& text, const std::string& parameter = "") {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(set.ParseFromString(testing::CompileProto(text)));
  CodeGeneratorRequest request;
  request.add_file_to_generate("test.proto");
  request.set_parameter(parameter);
  *request.mutable_proto_file() = set.file();
  return request;
}

// Writes a file with the names of the methods and one with the parameters.
Plugin Lister() {
  return {"protoc-gen-frontdesk-list",
          {"colour", "scaffold"},
          [](const Input& input) -> absl::StatusOr<std::vector<File>> {
            File methods{"z.txt"};
            for (const contract::Method& method : input.contract.methods()) {
              methods.content += method.full_name + '\n';
            }
            File parameters{"a/parameters.txt"};
            for (const std::string& file : input.files) parameters.content += file + '\n';
            if (input.only_checks) parameters.content += "only checked\n";
            for (const auto& [name, value] : input.parameters) {
              parameters.content += Cat(name, " is ", value, '\n');
            }
            return std::vector{methods, parameters};
          }};
}

class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }

  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = std::filesystem::path(path_) / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_ = Cat(::testing::TempDir(), "frontdesk_plugin_", getpid());
};

TEST(Plugin, AnswersWithItsFilesSortedByName) {
  const CodeGeneratorResponse response = Respond(Lister(), RequestOf(kGood, "colour=red,scaffold"));
  EXPECT_EQ(response.error(), "");
  EXPECT_TRUE(response.supported_features() & CodeGeneratorResponse::FEATURE_PROTO3_OPTIONAL);
  ASSERT_EQ(response.file_size(), 2);
  EXPECT_EQ(response.file(0).name(), "a/parameters.txt");
  EXPECT_EQ(response.file(0).content(), "test.proto\ncolour is red\nscaffold is true\n");
  EXPECT_EQ(response.file(1).name(), "z.txt");
  EXPECT_EQ(response.file(1).content(), "test.Back.Get\n");
}

TEST(Plugin, WritesNothingForFilesWithoutServices) {
  const CodeGeneratorResponse response = Respond(Lister(), RequestOf("message Key {}"));
  EXPECT_EQ(response.error(), "");
  EXPECT_EQ(response.file_size(), 0);
  EXPECT_TRUE(response.has_supported_features());
}

TEST(Plugin, ReportsAllThatIsWrongWithTheContract) {
  const Folder folder;
  folder.Write("test.proto", testing::ProtoFile(kBad));
  const CodeGeneratorResponse response =
      Respond(Lister(), RequestOf(kBad, Cat("src=/nowhere,src=", folder.path())));
  EXPECT_EQ(response.file_size(), 0);
  EXPECT_THAT(response.error(), StartsWith("2 errors, nothing written\ntest.proto:5:63: error: "));
  EXPECT_THAT(response.error(), HasSubstr("did you mean \"id\"?"));
  EXPECT_THAT(response.error(), HasSubstr("\n    rpc Get(Key) returns (Key) { option"));
  EXPECT_THAT(response.error(), HasSubstr('\n' + std::string(62, ' ') + "^\n"));
  EXPECT_THAT(response.error(), HasSubstr("\ntest.proto:6:63: error: "));
}

TEST(Plugin, RefusesEditions) {
  CodeGeneratorRequest request = RequestOf(kGood);
  request.mutable_proto_file(request.proto_file_size() - 1)->set_syntax("editions");
  const CodeGeneratorResponse response = Respond(Lister(), request);
  EXPECT_THAT(response.error(), HasSubstr("written in an edition"));
  EXPECT_EQ(response.file_size(), 0);
}

TEST(Plugin, PassesOnWhatTheGeneratorRefuses) {
  Plugin plugin = Lister();
  plugin.generate = [](const Input&) { return absl::InvalidArgumentError("no colour"); };
  EXPECT_EQ(Respond(plugin, RequestOf(kGood)).error(), "no colour");
}

TEST(Plugin, RefusesParametersItDoesNotKnow) {
  struct Row {
    const char* parameter;
    const char* error;
  };
  const Row rows[] = {
      {"", ""},
      {",colour=,", ""},
      {"src=a,src=b,colour=a=b", ""},
      {"color=red",
       "unknown parameter \"color\" (did you mean \"colour\"?); there are check, colour, scaffold, "
       "src"},
      {"x=1", "unknown parameter \"x\"; there are check, colour, scaffold, src"},
      {"=1", "unknown parameter \"\"; there are check, colour, scaffold, src"},
      {"colour=red,colour=blue", "parameter \"colour\" is given twice"},
      {"check=a,check=b", "parameter \"check\" is given twice"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Respond(Lister(), RequestOf(kGood, row.parameter)).error(), row.error)
        << row.parameter;
  }
}

TEST(Plugin, ChecksWhatIsOnDisk) {
  const Folder folder;
  const CodeGeneratorRequest request = RequestOf(kGood, "check=" + folder.path());
  folder.Write("a/parameters.txt", "test.proto\nonly checked\n");
  folder.Write("z.txt", "test.Back.Get\nmore\n");
  CodeGeneratorResponse response = Respond(Lister(), request);
  EXPECT_EQ(response.error(), Cat("1 of 2 files must be generated again\n", folder.path(),
                                  "/z.txt:2: error: is stale"));
  folder.Write("z.txt", "test.Back.Get\n");
  response = Respond(Lister(), request);
  EXPECT_EQ(response.error(), "");
  EXPECT_EQ(response.file_size(), 0);
  std::filesystem::remove(folder.path() + "/z.txt");
  EXPECT_EQ(Respond(Lister(), request).error(), Cat("1 of 2 files must be generated again\n",
                                                    folder.path(), "/z.txt: error: is missing"));
}

}  // namespace
}  // namespace frontdesk::codegen
