// The verb check: a configuration with its contract, or .proto files alone.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "gateway/base/text.h"
#include "gateway/config/check_contract.h"
#include "gateway/config/host_port.h"
#include "gateway/contract/contract.h"
#include "gateway/contract/proto_sources.h"
#include "gateway/tell.h"
#include "gateway/verbs.h"

namespace frontdesk {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProto = ".proto";

// The .proto files that `paths` name or contain, sorted.
std::vector<std::string> ProtosBelow(const std::vector<std::string>& paths,
                                     contract::Findings& findings) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      if (path.ends_with(kProto)) {
        files.push_back(path);
      } else {
        findings.Add({path}, "", "is no .proto; a configuration is given with -c");
      }
      continue;
    }
    const size_t before = files.size();
    std::string at = path;
    for (fs::recursive_directory_iterator entry(path, error), end; !error && entry != end;
         entry.increment(error)) {
      at = entry->path().string();
      if (entry->path().extension() != kProto) continue;
      std::error_code unknown;
      if (entry->is_regular_file(unknown)) {
        files.push_back(at);
      } else if (unknown && unknown != std::errc::no_such_file_or_directory) {
        // A link to nothing is what editors lock files with; one to itself is a mistake.
        findings.Add({at}, "", unknown.message());
      }
    }
    if (error) {
      findings.Add({at}, "", error.message());
    } else if (files.size() == before) {
      findings.Add({path}, "", "has no .proto file in it");
    }
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

// The name by which other files import `file`: its path from the first folder that it is below.
std::optional<std::string> NameOf(const std::string& file,
                                  const std::vector<std::string>& folders) {
  for (const std::string& folder : folders) {
    std::error_code error;  // of an empty name, which is below nothing
    const fs::path path = fs::absolute(file, error)
                              .lexically_normal()
                              .lexically_relative(fs::absolute(folder, error).lexically_normal());
    if (!path.empty() && *path.begin() != ".." && *path.begin() != ".") return path.string();
  }
  return std::nullopt;
}

// Findings with the names that files have on disk.
contract::Findings OnDisk(const contract::Findings& findings,
                          const std::vector<std::string>& folders) {
  contract::Findings found;
  for (const contract::Finding& finding : findings.all()) {
    contract::Place place = finding.place;
    for (const std::string& folder : folders) {
      const fs::path path = fs::path(folder) / place.file;
      std::error_code error;
      if (place.file.empty() || !fs::is_regular_file(path, error)) continue;
      place.file = path.lexically_normal().string();
      break;
    }
    found.Add(place, finding.path, finding.text);
  }
  return found;
}

// Without -I a folder is one that imports begin in, and so is the working directory.
std::vector<std::string> FoldersOf(const VerbOptions& options) {
  std::vector<std::string> folders = options.proto_path;
  if (!folders.empty()) return folders;
  for (const std::string& path : options.protos) {
    std::error_code error;
    if (fs::is_directory(path, error)) folders.push_back(path);
  }
  folders.push_back(".");
  return folders;
}

void Print(const Remarks& remarks) {
  for (const std::string& text : remarks.warnings) std::cout << "warning: " << text << '\n';
  for (const std::string& text : remarks.notes) std::cout << "note: " << text << '\n';
}

int CheckProtos(const VerbOptions& options) {
  const std::vector<std::string> folders = FoldersOf(options);
  contract::Findings findings;
  Remarks remarks;
  std::vector<std::string> names;
  for (const std::string& file : ProtosBelow(options.protos, findings)) {
    if (const std::optional<std::string> name = NameOf(file, folders)) {
      names.push_back(*name);
    } else {
      findings.Add({file}, "", "is in none of the folders given with -I");
    }
  }
  const contract::SourceReader sources = contract::SourcesBelow(folders);
  size_t methods = 0;
  const auto set =
      names.empty() ? std::nullopt : contract::CompileSources(names, sources, findings);
  if (set) {
    const auto contract = contract::Contract::Load(*set, options.protos[0], findings, sources);
    if (contract) {
      methods = contract->methods().size();
      config::CheckContract(*contract, findings, remarks.notes);
    }
  }
  if (!findings.empty() || options.json) {
    Tell(OnDisk(findings, folders), SourcesOf({}), options.json, remarks);
  } else {
    Print(remarks);
    std::cout << "fine: " << names.size() << " files, " << methods << " methods\n";
  }
  return findings.empty() ? kFine : kFindings;
}

// Of each service of which some method, or all, is in no front.
void NoteUnserved(const config::Snapshot& snapshot, std::vector<std::string>& notes) {
  const auto& all = snapshot.unserved;
  for (auto first = all.begin(); first != all.end();) {
    const std::string& service = (*first)->service;
    const auto end = std::find_if(first, all.end(), [&](const contract::Method* method) {
      return method->service != service;
    });
    const bool some =
        std::any_of(snapshot.routes.begin(), snapshot.routes.end(),
                    [&](const auto& route) { return route->method->service == service; });
    std::string names;
    for (auto at = first; some && at != end; ++at) {
      names += Cat(names.empty() ? "/" : ", ", (*at)->name);
    }
    notes.push_back(Cat("no front serves ", service, names, ", so that nobody reaches it"));
    first = end;
  }
}

// Of each way in which a step asks less of requests than the method that it calls, in some front.
void NotePassedBy(const config::Snapshot& snapshot, std::vector<std::string>& notes) {
  std::vector<const route::Api*> fronts = {nullptr};
  for (const auto& api : snapshot.apis.all()) fronts.push_back(api.get());
  for (const contract::Method& method : snapshot.contract->methods()) {
    if (!method.plan) continue;
    for (const contract::PlanStep& step : method.plan->steps) {
      std::set<std::string> told;  // what several fronts have is said once
      for (const route::Api* const front : fronts) {
        const auto passed_by = snapshot.passed_by.find({&step, front});
        if (passed_by == snapshot.passed_by.end()) continue;
        for (const std::string& text : passed_by->second) {
          if (!told.insert(text).second) continue;
          notes.push_back(Cat(method.full_name, ", step ", step.id, ": ", text));
        }
      }
    }
  }
}

// Where nothing is said of callers, neither in the file nor in the contract, and others than this
// machine may call.
void NoteOpenDoors(const config::Snapshot& snapshot, std::vector<std::string>& notes) {
  const auto listen = config::ParseHostPort(snapshot.listen_address);
  if (snapshot.chain.auth.on() || !listen || listen->loopback) return;
  const auto open = std::count_if(
      snapshot.routes.begin(), snapshot.routes.end(),
      [](const auto& route) { return !contract::PlaceOfValue(route->places, "auth"); });
  if (open == 0) return;
  notes.push_back(Cat("nobody is asked who they are: ", open,
                      open == 1 ? " route is" : " routes are", " open to everybody"));
}

Remarks RemarksOn(const config::Snapshot& snapshot) {
  Remarks remarks;
  for (const auto& route : snapshot.routes) {
    const contract::Binding& binding = *route->binding;
    if (binding.path.warning.empty()) continue;
    remarks.warnings.push_back(Cat(binding.place.ToString(), ": ", binding.path.warning));
  }
  if (snapshot.routes.empty()) {
    remarks.notes.emplace_back("no method has an address; nothing is served");
  }
  NoteOpenDoors(snapshot, remarks.notes);
  NoteUnserved(snapshot, remarks.notes);
  NotePassedBy(snapshot, remarks.notes);
  remarks.notes.insert(remarks.notes.end(), snapshot.lifted.begin(), snapshot.lifted.end());
  return remarks;
}

}  // namespace

int Check(const VerbOptions& options) {
  if (!options.protos.empty()) return CheckProtos(options);
  const std::unique_ptr<config::Snapshot> snapshot = CompileOrTell(options);
  if (!snapshot) return kFindings;
  if (const auto& fault = snapshot->log_fault) {
    contract::Findings findings;
    findings.Add(fault->place, fault->path, fault->text);
    Tell(findings, SourcesOf(options.proto_path), options.json);
    return kFindings;
  }
  const Remarks remarks = RemarksOn(*snapshot);
  if (options.json) {
    TellFine(remarks);
    return kFine;
  }
  Print(remarks);
  std::cout << "fine: " << snapshot->routes.size() << " routes, " << snapshot->upstreams.size()
            << " upstreams\n";
  return kFine;
}

}  // namespace frontdesk
