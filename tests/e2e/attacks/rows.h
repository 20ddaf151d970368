// A row of an attack table and its judge, which looks at both ends.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/echo.h"

namespace frontdesk::e2e {

inline constexpr bool kCloses = false;

struct Attack {
  std::string name;
  std::string request;
  int status = 0;
  std::string reason = "";  // of an error
  std::string text = "";    // that the back end saw and the client got, for 200
  bool stays = true;        // the connection takes another request
  std::string answer = "";  // the whole body, for 200, where it is no Text
};

// Sends each on a connection of its own and looks at the answer, at whether the connection tells
// what comes next from it, and at the back end: one call that was carried out as it is answered,
// with nothing in its metadata that is not the gateway's, or no call at all.
void Judge(Echo& echo, const std::vector<Attack>& attacks);

// Names of metadata that the last call had and that the gateway sets for no request by itself.
std::string Foreign(const testing_support::ScriptedRequest& call);

// A request without a body; `fields` are lines with their ends.
std::string Ask(std::string_view method, std::string_view target, std::string_view fields = "");
std::string Get(std::string_view target, std::string_view fields = "");
// With a sized body of JSON, as it says.
std::string Post(std::string_view target, std::string_view body,
                 std::string_view type = "application/json", std::string_view fields = "");
std::string Chunked(std::string_view target, std::string_view chunks);
std::string Repeated(size_t times, std::string_view piece);

}  // namespace frontdesk::e2e
