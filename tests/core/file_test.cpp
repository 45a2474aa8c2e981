#include "core/file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/folder.h"

namespace basin {
namespace {

TEST(File, KnowsTheDigestOfAbc) {
  // FIPS 180-4, example 1.
  EXPECT_EQ(sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(File, ReadsBackWhatItWrote) {
  const testing::Folder folder;
  write_file(folder.path() / "a", std::string("x\0y", 3));
  EXPECT_EQ(read_file(folder.path() / "a", 10), std::string("x\0y", 3));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "a.part"));
}

TEST(File, RefusesWhatItCannotRead) {
  const testing::Folder folder;
  EXPECT_THROW(read_file(folder.path(), 10), InputError);
  EXPECT_THROW(read_file(folder.path() / "none", 10), InputError);
  write_file(folder.path() / "long", "0123456789");
  EXPECT_THROW(read_file(folder.path() / "long", 9), InputError);
  EXPECT_THROW(read_file("/dev/zero", 9), InputError);
}

TEST(File, SaysWhenAFolderCannotBeWritten) {
  EXPECT_THROW(write_file("/proc/none/file", "x"), StorageError);
}

}  // namespace
}  // namespace basin
