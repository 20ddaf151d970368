#include "services_mock/backends/all.h"
#include "services_mock/paging.h"

namespace frontdesk::mock {
namespace {

using notification_v1::Notification;

Outcome ListNotifications(Shop& shop, const notification_v1::ListNotificationsRequest& request,
                          notification_v1::ListNotificationsResponse& reply) {
  user_v1::User* user = nullptr;
  if (Outcome none = FindUser(shop, request.user_id(), user); Failed(none)) return none;
  const std::string list =
      Cat("notifications of ", user->id(), request.unread_only() ? " unread" : "");
  Page page;
  if (Outcome bad = ReadPage(list, request.page_size(), request.page_token(), page); Failed(bad)) {
    return bad;
  }
  std::vector<const Notification*> all;
  int unread = 0;
  for (auto one = shop.notifications.rbegin(); one != shop.notifications.rend(); ++one) {
    if (one->user_id() != user->id()) continue;
    if (!one->has_read_at()) ++unread;
    if (!request.unread_only() || !one->has_read_at()) all.push_back(&*one);
  }
  reply.set_next_page_token(TakePage(list, all, page, reply.mutable_notifications()));
  reply.set_unread_count(unread);
  return Outcome();
}

Outcome MarkRead(Shop& shop, const notification_v1::MarkReadRequest& request, Notification& reply) {
  Notification* notification = nullptr;
  Outcome none = Find(shop.notifications, "notification", "shop.notification.v1.Notification",
                      "notification_id", request.notification_id(), notification);
  if (Failed(none)) return none;
  if (!notification->has_read_at()) notification->mutable_read_at()->set_seconds(kToday);
  reply = *notification;
  return Outcome();
}

}  // namespace

void AddNotification(Backend& backend) {
  constexpr std::string_view kService = "shop.notification.v1.Notifications";
  backend.Add(kService, "ListNotifications", ListNotifications);
  backend.Add(kService, "MarkRead", MarkRead);
}

}  // namespace frontdesk::mock
