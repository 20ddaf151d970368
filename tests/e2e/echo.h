// A gateway over a back end that answers every call with its own request, so that a test sees at
// once what arrived there and what came back.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "tests/e2e/stack.h"
#include "tests/support/scripted_h2_server.h"

namespace frontdesk::e2e {

// message Text { string text = 1; repeated string more = 2; }, at these addresses:
//   GET /path/{text}, /deep/{text=**}, /query, /things/{text}, /note (takes the header x-note on)
//   POST /body (body "*"), /things/{text}:act (body "*")
//   GET /big answers 1 MiB, whatever is asked
//   GET /page answers with `text` as its content type and the first of `more` as its body
// and message Holder { google.protobuf.Value value = 1; } as the whole body of POST /value.
// POST /kinds takes a message with a field of every kind that JSON has rules for.
class Echo {
 public:
  // `extra`: more YAML at the top level.
  explicit Echo(const std::string& extra = "", int workers = 2);

  Frontdesk& gateway() { return *gateway_; }
  uint16_t port() const { return gateway_->port(); }
  RawResponse Fetch(std::string_view method, std::string_view target,
                    const HeaderList& headers = {}, std::string_view body = "") {
    return e2e::Fetch(port(), method, target, headers, body);
  }

  // The address of the back end.
  std::string backend() const { return server_->address(); }
  // What the back end saw: the number of calls, and the last one.
  int calls();
  testing_support::ScriptedRequest last();

 private:
  void Serve(testing_support::ScriptedConnection& connection);

  std::mutex mutex_;
  int calls_ = 0;
  testing_support::ScriptedRequest last_;
  std::unique_ptr<testing_support::ScriptedH2Server> server_;
  std::unique_ptr<Frontdesk> gateway_;
};

}  // namespace frontdesk::e2e
