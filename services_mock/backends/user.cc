// Customers, in both editions.
#include "google/protobuf/util/field_mask_util.h"
#include "services_mock/backends/all.h"
#include "services_mock/paging.h"
#include "shop/user/v2/user.pb.h"

namespace frontdesk::mock {
namespace {

namespace user_v2 = ::shop::user::v2;
using google::protobuf::util::FieldMaskUtil;

Outcome GetUser(Shop& shop, const user_v1::GetUserRequest& request, user_v1::User& reply) {
  user_v1::User* user = nullptr;
  Outcome outcome = FindUser(shop, request.user_id(), user);
  if (!Failed(outcome)) reply = *user;
  return outcome;
}

Outcome GetMe(Shop& shop, const user_v1::GetMeRequest& request, user_v1::User& reply) {
  user_v1::User* user = nullptr;
  Outcome outcome = FindUser(shop, request.user_id(), user);
  if (!Failed(outcome)) reply = *user;
  return outcome;
}

Outcome BatchGet(Shop& shop, const user_v1::BatchGetRequest& request,
                 user_v1::BatchGetResponse& reply) {
  return CopyBatch(request.ids(), "user", shop.users, reply.mutable_users());
}

Outcome ListUsers(Shop& shop, const user_v1::ListUsersRequest& request,
                  user_v1::ListUsersResponse& reply) {
  const std::string list = Cat("users ", static_cast<int>(request.tier()));
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const user_v1::User*> all;
  for (const user_v1::User& user : shop.users) {
    if (request.tier() == 0 || user.tier() == request.tier()) all.push_back(&user);
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_users()));
  reply.set_total_size(static_cast<int>(all.size()));
  return Outcome();
}

// The mask that an update means: without one, every field that was given.
google::protobuf::FieldMask MaskOf(const user_v1::UpdateUserRequest& request) {
  google::protobuf::FieldMask mask = request.update_mask();
  if (mask.paths_size() > 0) return mask;
  std::vector<const google::protobuf::FieldDescriptor*> given;
  request.user().GetReflection()->ListFields(request.user(), &given);
  for (const auto* field : given) mask.add_paths(field->name());
  return mask;
}

Outcome CheckUpdate(const user_v1::UpdateUserRequest& request,
                    const google::protobuf::FieldMask& mask) {
  Violations violations;
  const user_v1::User& user = request.user();
  violations.AddIf(!request.has_user(), "user", "must be given")
      .AddIf(!user.id().empty() && user.id() != request.user_id(), "user.id",
             "is not the user of the path");
  for (const std::string& path : mask.paths()) {
    if (path.empty() || !FieldMaskUtil::IsValidPath<user_v1::User>(path)) {
      violations.Add("update_mask", Cat("no field '", path, "'"));
    } else if (path == "created_at" || path == "id") {
      violations.AddIf(path != "id" || user.id().empty(), "update_mask",
                       Cat("'", path, "' can't be changed"));
    } else if (path == "email") {
      violations.AddIf(user.email().find('@') == std::string::npos, "user.email", "needs an '@'");
    } else if (path == "display_name") {
      violations.AddIf(user.display_name().empty(), "user.display_name", "must not be empty")
          .AddIf(user.display_name().size() > 200, "user.display_name", "is over 200 bytes");
    }
  }
  return violations.Finish();
}

Outcome UpdateUser(Shop& shop, const user_v1::UpdateUserRequest& request, user_v1::User& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const google::protobuf::FieldMask mask = MaskOf(request);
  if (Outcome bad = CheckUpdate(request, mask); Failed(bad)) return bad;
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  FieldMaskUtil::MergeMessageTo(request.user(), mask, options, user);
  reply = *user;
  return Outcome();
}

void FillContacts(const user_v1::User& user, user_v2::User& reply) {
  auto* email = reply.add_contacts();
  email->set_email(user.email());
  email->set_verified(true);
  if (user.has_phone()) reply.add_contacts()->set_phone(user.phone());
  for (const auto& address : user.addresses()) *reply.add_contacts()->mutable_address() = address;
}

Outcome GetUserV2(Shop& shop, const user_v2::GetUserRequest& request, user_v2::User& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  reply.set_user_id(user->id());
  const std::string& name = user->display_name();
  const size_t space = std::min(name.find(' '), name.size());
  reply.mutable_name()->set_given(name.substr(0, space));
  if (space < name.size()) reply.mutable_name()->set_family(name.substr(space + 1));
  FillContacts(*user, reply);
  static constexpr const char* kLevels[] = {"", "basic", "silver", "gold"};
  auto* membership = reply.mutable_membership();
  membership->set_level(user->tier() >= 0 && user->tier() <= 3 ? kLevels[user->tier()] : "");
  membership->set_points(user->loyalty_points());
  *membership->mutable_since() = user->created_at();
  membership->mutable_points_expire_in()->set_seconds(90 * kDay);
  if (user->preferences().has_newsletter()) {
    reply.mutable_newsletter()->set_value(user->preferences().newsletter());
  }
  return Outcome();
}

}  // namespace

void AddUser(Backend& backend) {
  constexpr std::string_view kV1 = "shop.user.v1.Users";
  backend.Add(kV1, "GetUser", GetUser);
  backend.Add(kV1, "GetMe", GetMe);
  backend.Add(kV1, "BatchGet", BatchGet);
  backend.Add(kV1, "ListUsers", ListUsers);
  backend.Add(kV1, "UpdateUser", UpdateUser);
  backend.Add("shop.user.v2.Users", "GetUser", GetUserV2);
}

}  // namespace frontdesk::mock
