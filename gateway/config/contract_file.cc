#include "gateway/config/contract_file.h"

#include <filesystem>

#include "gateway/base/read_file.h"
#include "gateway/base/text.h"
#include "gateway/config/field_path.h"
#include "gateway/config/load_message.h"
#include "gateway/contract/outer_rule.h"

namespace frontdesk::config {
namespace {

std::vector<contract::OuterRule> RulesOf(const LoadedConfig& loaded) {
  std::vector<contract::OuterRule> rules;
  for (const google::api::HttpRule& rule : loaded.config.http().rules()) {
    const auto index = static_cast<int>(rules.size());
    rules.push_back(
        {rule, [&loaded, index](const contract::SourcePath& where) {
           const std::string below = FieldPath(*google::api::HttpRule::descriptor(), where);
           return loaded.PlaceOf(Cat("http.rules[", index, ']', below.empty() ? "" : ".", below));
         }});
  }
  return rules;
}

}  // namespace

std::unique_ptr<const contract::Contract> LoadContract(const LoadedConfig& loaded,
                                                       const std::string& config_file,
                                                       const std::vector<std::string>& proto_path,
                                                       contract::Findings& findings) {
  const std::string& name = loaded.config.descriptor_set();
  const std::filesystem::path path = std::filesystem::path(config_file).parent_path() / name;
  if (name.empty()) {
    if (HasUnknownKey(findings, "")) return nullptr;
    findings.Add(loaded.PlaceOf("descriptor_set"), "descriptor_set",
                 "names the file of the contract and is missing");
    return nullptr;
  }
  const absl::StatusOr<std::string> bytes = ReadInput(path);
  if (!bytes.ok()) {
    findings.Add(loaded.PlaceOf("descriptor_set"), "descriptor_set",
                 Cat(QuotedFile(path.string()), ": ", Std(bytes.status().message())));
    return nullptr;
  }
  const std::vector<contract::OuterRule> rules = RulesOf(loaded);
  std::unique_ptr<const contract::Contract> contract = contract::Contract::Load(
      *bytes, path.string(), findings, contract::SourcesBelow(proto_path), &rules);
  if (!contract || !contract->methods().empty()) return contract;
  findings.Add({path.string()}, "", "no file of the descriptor set declares a method");
  return nullptr;
}

std::unique_ptr<const contract::Contract> LoadDescriptorSet(const std::string& file,
                                                            contract::Findings& findings,
                                                            const contract::SourceReader& sources) {
  const absl::StatusOr<std::string> bytes = ReadInput(file);
  if (bytes.ok()) return contract::Contract::Load(*bytes, file, findings, sources);
  findings.Add({file}, "", Std(bytes.status().message()));
  return nullptr;
}

}  // namespace frontdesk::config
