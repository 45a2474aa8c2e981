#include <gtest/gtest.h>

#include "core/parallel.h"
#include "core/progress.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  basin::use_one_library_thread();
  basin::silence_progress();
  return RUN_ALL_TESTS();
}
