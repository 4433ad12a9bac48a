using System.Collections.Frozen;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>Attributes with a place of their own in a profile; all others are custom attributes.</summary>
internal static class BrazeFields
{
    public static FrozenSet<string> Reserved { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "country", "current_location", "date_of_first_session", "date_of_last_session", "dob", "email", "email_open_tracking_disabled",
        "email_click_tracking_disabled", "email_subscribe", "facebook", "first_name", "gender", "home_city", "image_url", "language",
        "last_name", "marked_email_as_spam_at", "phone", "push_subscribe", "push_tokens", "subscription_groups", "time_zone", "twitter");
}
