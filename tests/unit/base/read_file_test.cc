#include "gateway/base/read_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "gateway/base/text.h"

namespace frontdesk {
namespace {

class ReadFileTest : public ::testing::Test {
 protected:
  ReadFileTest() { std::filesystem::create_directories(folder_); }
  ~ReadFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + '/' + name; }
  std::string Write(const std::string& bytes) const {
    std::ofstream(Path("file"), std::ios::binary) << bytes;
    return Path("file");
  }
  static std::string Failure(const std::string& path, size_t most) {
    const auto read = ReadFile(path, most);
    EXPECT_EQ(read.status().code(), absl::StatusCode::kUnavailable);
    return std::string(Std(read.status().message()));
  }

  const std::string folder_ = Cat(::testing::TempDir(), "/read_file.", ::getpid());
};

TEST_F(ReadFileTest, AllOfIt) {
  const std::string bytes("a\0b\n", 4);
  EXPECT_EQ(ReadFile(Write(bytes), 4).value(), bytes);
  EXPECT_EQ(ReadFile(Write(""), 0).value(), "");
}

TEST_F(ReadFileTest, SaysWhyNot) {
  EXPECT_EQ(Failure(Path("nowhere"), 9), "No such file or directory");
  EXPECT_EQ(Failure(folder_, 9), "is no file");
  EXPECT_EQ(Failure("/dev/zero", 9), "is no file");
  EXPECT_EQ(Failure(Write("12345"), 4), "is larger than 4 bytes");
  EXPECT_EQ(Failure(Write(std::string((2 << 20) + 1, 'x')), 2 << 20), "is larger than 2 MiB");
}

TEST_F(ReadFileTest, DoesNotWaitForAPipesWriter) {
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(Failure(Path("pipe"), 9), "is no file");
}

TEST_F(ReadFileTest, InputMayBeAPipe) {
  const std::string bytes(200'000, 'x');
  EXPECT_EQ(ReadInput(Write(bytes)).value(), bytes);
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(Path("pipe"), std::ios::binary) << bytes; });
  EXPECT_EQ(ReadInput(Path("pipe")).value(), bytes);
  writer.join();
  EXPECT_EQ(ReadInput(Write("")).status().message(), "is empty");
  EXPECT_EQ(ReadInput(Path("nowhere")).status().message(), "No such file or directory");
  EXPECT_EQ(ReadInput(folder_).status().message(), "Is a directory");
}

TEST_F(ReadFileTest, SecretsEndBeforeTheirLineDoes) {
  EXPECT_EQ(ReadSecret(Write("two words \r\n\n")).value(), "two words ");
  EXPECT_EQ(ReadSecret(Write("\n")).value(), "");
  EXPECT_EQ(ReadSecret(Write(std::string(5000, 'x'))).status().message(),
            "is larger than 4096 bytes");
}

}  // namespace
}  // namespace frontdesk
