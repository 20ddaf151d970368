#include "gateway/observe/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace frontdesk::observe {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

void Put(std::vector<MetricFamily>& out, const char* name, const char* help, MetricType type,
         double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  out.push_back({name, help, type, {std::move(metric)}});
}

// Fields 3 and on of /proc/self/stat: those after the program's name, which may hold anything.
struct Stat {
  double cpu_ticks = 0;
  double threads = 0;
  double start_ticks = 0;
  double virtual_bytes = 0;
  double resident_pages = 0;
};

std::optional<Stat> ReadStat() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  std::string skipped;
  const auto skip = [&](int n) {
    while (n-- > 0) fields >> skipped;
  };
  Stat stat;
  double user = 0;
  double system = 0;
  skip(11);
  fields >> user >> system;
  skip(4);
  fields >> stat.threads;
  skip(1);
  fields >> stat.start_ticks >> stat.virtual_bytes >> stat.resident_pages;
  if (!fields) return std::nullopt;
  stat.cpu_ticks = user + system;
  return stat;
}

std::optional<double> BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  double seconds = 0;
  while (file >> word) {
    if (word == "btime" && file >> seconds) return seconds;
  }
  return std::nullopt;
}

std::optional<double> OpenFiles() {
  std::error_code error;
  std::filesystem::directory_iterator files("/proc/self/fd", error);
  if (error) return std::nullopt;
  double count = -1;  // the one that reads the directory
  for (; !error && files != std::filesystem::directory_iterator(); files.increment(error)) ++count;
  return count;
}

}  // namespace

void CollectProcess(std::vector<MetricFamily>& out) {
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  if (const auto stat = ReadStat()) {
    Put(out, "process_cpu_seconds_total", "CPU time used, user and system.", MetricType::Counter,
        stat->cpu_ticks / ticks);
    Put(out, "process_resident_memory_bytes", "Memory that is resident.", MetricType::Gauge,
        stat->resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)));
    Put(out, "process_virtual_memory_bytes", "Memory that is mapped.", MetricType::Gauge,
        stat->virtual_bytes);
    Put(out, "process_threads", "Threads.", MetricType::Gauge, stat->threads);
    // Neither changes while the process lives.
    static const std::optional<double> boot = BootTime();
    if (boot) {
      Put(out, "process_start_time_seconds", "Start of the process, as Unix time.",
          MetricType::Gauge, *boot + stat->start_ticks / ticks);
    }
  }
  if (const auto open = OpenFiles()) {
    Put(out, "process_open_fds", "Open file descriptors.", MetricType::Gauge, *open);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    Put(out, "process_max_fds", "File descriptors that may be open.", MetricType::Gauge,
        static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace frontdesk::observe
