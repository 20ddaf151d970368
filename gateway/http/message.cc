#include "gateway/http/message.h"

#include <algorithm>

namespace frontdesk::http {

std::optional<std::string_view> Headers::Find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

size_t Headers::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(fields_.begin(), fields_.end(),
                                           [name](const Header& f) { return f.name == name; }));
}

void CommonFields::Add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
  lines_.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace frontdesk::http
