# The libraries basin stands on, each with the reason, as one target `basin_libraries`.

# LibTorch: tensors and autograd. The distribution's, or any other named by
# CMAKE_PREFIX_PATH, or the one inside an importable Python `torch`.
find_package(Torch QUIET)
if(NOT Torch_FOUND)
  execute_process(COMMAND python3 -c "import torch; print(torch.utils.cmake_prefix_path)"
    OUTPUT_VARIABLE PYTHON_TORCH OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(PYTHON_TORCH)
    list(APPEND CMAKE_PREFIX_PATH ${PYTHON_TORCH})
    find_package(Torch REQUIRED)
  else()
    message(FATAL_ERROR "LibTorch is missing. Debian: apt-get install libtorch-dev. "
      "Elsewhere: set CMAKE_PREFIX_PATH, or install the Python package torch.")
  endif()
endif()
# Torch's CMake files set global flags that we set ourselves.
string(REPLACE "-std=gnu++17" "" CMAKE_CXX_FLAGS "${CMAKE_CXX_FLAGS}")

find_package(yaml-cpp REQUIRED)       # YAML: the config language
find_package(fmt REQUIRED)            # text formatting; GCC 12 has no <format>
find_package(nlohmann_json REQUIRED)  # JSON: schema, manifest, data of the page
find_package(SQLite3 REQUIRED)        # results that survive kill -9
find_package(ZLIB REQUIRED)           # gzip: data sets
find_package(OpenSSL REQUIRED)        # SHA-256: hashes of specs and data
# HDF5: surfaces that the tools of Li et al. open. By hand: CMake 4.3's FindHDF5 fails on Debian's HDF5 2.
find_path(HDF5_C_INCLUDE_DIRS hdf5.h PATH_SUFFIXES hdf5/serial REQUIRED)
find_library(HDF5_C_LIBRARIES NAMES hdf5_serial hdf5 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)  # .npz is a zip archive
pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)  # vector code with run-time dispatch

add_library(basin_libraries INTERFACE)
target_include_directories(basin_libraries SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS} ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(basin_libraries INTERFACE
  ${TORCH_LIBRARIES} yaml-cpp fmt::fmt nlohmann_json::nlohmann_json SQLite::SQLite3
  ZLIB::ZLIB OpenSSL::Crypto ${HDF5_C_LIBRARIES} PkgConfig::LIBZIP PkgConfig::HIGHWAY Threads::Threads ${CMAKE_DL_LIBS})
