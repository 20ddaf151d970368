// The header fields of one outgoing call.
#pragma once

#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <vector>

#include "gateway/upstream/transport.h"

namespace frontdesk::upstream {

class H2Request {
 public:
  // Copies what it keeps in one piece of memory.
  explicit H2Request(const CallSpec& spec);

  // What goes into HPACK's table beyond what never changes.
  struct Remember {
    bool timeout = false;  // it will come again
    bool names = false;    // of fields whose values change, with the values of this call
  };
  // Fields for a submission now; views stay valid as long as this and the texts. `fields` are empty,
  // or what a call with the same first three left there: those that are always the same are kept.
  void Fill(std::string_view scheme, std::string_view authority, std::string_view user_agent,
            std::string_view timeout, const Remember& remember,
            std::vector<nghttp2_nv>& fields) const;

 private:
  void Append(std::string_view text);

  // Pieces, each preceded by its length: path, then name and value of each field.
  std::string block_;
};

}  // namespace frontdesk::upstream
