// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs a fuzz target without a fuzzer: every file of a corpus folder, then seeded mutations of each. Same inputs on every
// machine. On a crash it names the input; `<program> <folder> <count> <file> <mutation>` runs that one alone.
#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*callback)());  // null without a sanitizer

namespace {

using input = std::vector<std::uint8_t>;

struct corpus_file {
  std::string name;
  input bytes;
};

// The input at work, for the crash report; written before each run, read by the signal handler.
std::string current_input;

/// splitmix64: small, seeded, the same everywhere.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  std::size_t below(std::size_t n) { return n == 0 ? 0 : static_cast<std::size_t>(next() % n); }

 private:
  std::uint64_t state_;
};

void flip_bits(input& bytes, random_source& random) {
  if (bytes.empty()) return;
  const std::size_t flips = 1 + random.below(8);
  for (std::size_t i = 0; i < flips; ++i) {
    bytes[random.below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.below(8));
  }
}

void truncate(input& bytes, random_source& random) { bytes.resize(random.below(bytes.size() + 1)); }

void overwrite_with_extreme(input& bytes, random_source& random) {
  static constexpr std::uint8_t extremes[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
  if (bytes.empty()) return;
  const std::size_t width = std::size_t{1} << random.below(4);  // 1, 2, 4 or 8 bytes: the sizes of length fields
  const std::size_t at = random.below(bytes.size());
  const std::uint8_t value = extremes[random.below(std::size(extremes))];
  for (std::size_t i = at; i < bytes.size() && i < at + width; ++i) bytes[i] = value;
}

void insert_bytes(input& bytes, random_source& random) {
  const std::size_t at = random.below(bytes.size() + 1), count = 1 + random.below(16);
  input extra(count);
  for (std::uint8_t& byte : extra) byte = static_cast<std::uint8_t>(random.next());
  bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), extra.begin(), extra.end());
}

void splice(input& bytes, const input& other, random_source& random) {
  const std::size_t keep = random.below(bytes.size() + 1), from = random.below(other.size() + 1);
  bytes.resize(keep);
  bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
}

input mutate(const std::vector<corpus_file>& corpus, std::size_t file, std::uint64_t mutation) {
  random_source random(0x6173736179ULL + 1000003 * file + mutation);
  input bytes = corpus[file].bytes;
  const std::size_t steps = 1 + random.below(3);
  for (std::size_t step = 0; step < steps; ++step) {
    switch (random.below(5)) {
      case 0: flip_bits(bytes, random); break;
      case 1: truncate(bytes, random); break;
      case 2: overwrite_with_extreme(bytes, random); break;
      case 3: insert_bytes(bytes, random); break;
      default: splice(bytes, corpus[random.below(corpus.size())].bytes, random); break;
    }
  }
  return bytes;
}

void run(const input& bytes) {
  // An exact-size copy on the heap, so that a sanitizer sees a read one past the end.
  std::uint8_t* copy = new std::uint8_t[bytes.size() + (bytes.empty() ? 1 : 0)];
  std::copy(bytes.begin(), bytes.end(), copy);
  LLVMFuzzerTestOneInput(copy, bytes.size());
  delete[] copy;
}

extern "C" void report_crash(int signal_number) {
  std::fprintf(stderr, "\nfuzz replay: signal %d in %s\n", signal_number, current_input.c_str());
  std::_Exit(128 + signal_number);
}

extern "C" void report_sanitizer_error() {
  std::fprintf(stderr, "\nfuzz replay: sanitizer error in %s\n", current_input.c_str());
}

std::vector<corpus_file> load(const std::string& folder) {
  std::vector<corpus_file> corpus;
  if (std::filesystem::is_directory(folder)) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream stream(entry.path(), std::ios::binary);
      corpus.push_back({entry.path().filename().string(), input(std::istreambuf_iterator<char>(stream), {})});
    }
  }
  std::sort(corpus.begin(), corpus.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  corpus.push_back({"(empty)", {}});
  corpus.push_back({"(zeros)", input(64, 0)});
  return corpus;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: %s <corpus folder> <mutations per file> [<file name> <mutation>]\n", argv[0]);
    return 2;
  }
  for (int signal_number : {SIGSEGV, SIGABRT, SIGILL, SIGTRAP, SIGFPE, SIGBUS}) std::signal(signal_number, report_crash);
  if (&__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(report_sanitizer_error);
  const std::vector<corpus_file> corpus = load(argv[1]);
  const std::uint64_t mutations = std::strtoull(argv[2], nullptr, 10);
  const std::string only_file = argc > 3 ? argv[3] : "";
  const std::uint64_t only_mutation = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 0;

  std::uint64_t runs = 0;
  for (std::size_t file = 0; file < corpus.size(); ++file) {
    if (!only_file.empty() && corpus[file].name != only_file) continue;
    for (std::uint64_t mutation = 0; mutation <= mutations; ++mutation) {  // 0: the file itself
      if (argc > 4 && mutation != only_mutation) continue;
      current_input = corpus[file].name + ", mutation " + std::to_string(mutation);
      run(mutation == 0 ? corpus[file].bytes : mutate(corpus, file, mutation));
      ++runs;
    }
  }
  std::printf("%zu corpus files, %llu inputs, no crash\n", corpus.size() - 2, static_cast<unsigned long long>(runs));
  return runs == 0 ? 1 : 0;
}
