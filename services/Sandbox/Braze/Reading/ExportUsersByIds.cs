using System.Text.Json;
using System.Text;
using CustomerInsights.Sandbox.Braze.Storing;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze.Reading;

/// <summary>POST /users/export/ids: profiles by identifier, as the vendor's own reads see them, which may be late.</summary>
internal static class ExportUsersByIds
{
    private const int MaxIds = 50;

    public static VendorAnswer Handle(BrazeCall call)
    {
        if (RequestJson.Parse(call.Body) is not { } root)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, BrazeMessages.SyntaxError);
        }

        using (root)
        {
            var fields = RequestJson.Texts(root.RootElement, "fields_to_export");
            if (fields is null && call.Workspace.Settings.RequireFieldsToExport)
            {
                return BrazeAnswers.Message(StatusCodes.Status400BadRequest, "'fields_to_export' is required");
            }

            var wanted = Identifiers.Read(root.RootElement);
            if (wanted.Count is 0 or > MaxIds)
            {
                return BrazeAnswers.Message(StatusCodes.Status400BadRequest, $"Name 1 to {MaxIds} users.");
            }

            lock (call.Workspace.Gate)
            {
                return Answer(call, wanted, fields);
            }
        }
    }

    private static VendorAnswer Answer(BrazeCall call, IReadOnlyList<Identifier> wanted, IReadOnlyList<string>? fields) =>
        BrazeAnswers.Write(StatusCodes.Status201Created, (call, wanted, fields), static (writer, state) =>
        {
            var store = state.call.Workspace.Users;
            var missing = new List<string>();
            writer.WriteString("message"u8, BrazeMessages.Success);
            writer.WriteStartArray("users"u8);
            foreach (var identifier in state.wanted)
            {
                if (identifier.Find(store) is { } user && store.VisibleAttributes(user, state.call.Now) is { } attributes)
                {
                    ProfileJson.Write(writer, store, user, attributes, f => state.fields?.Contains(f) ?? true, static _ => true);
                }
                else
                {
                    missing.Add(identifier.Text);
                }
            }

            writer.WriteEndArray();
            if (missing.Count > 0)
            {
                writer.WriteStartArray("invalid_user_ids"u8);
                missing.ForEach(writer.WriteStringValue);
                writer.WriteEndArray();
            }
        });
}

/// <summary>One way of naming a user in a request of the vendor.</summary>
internal sealed record Identifier(string Text, Func<UserStore, User?> Find);

internal static class Identifiers
{
    public static List<Identifier> Read(JsonElement root)
    {
        var found = new List<Identifier>();
        found.AddRange((RequestJson.Texts(root, "external_ids") ?? []).Select(OfExternalId));
        found.AddRange((RequestJson.Texts(root, "braze_ids") ?? []).Select(OfBrazeId));
        if (root.TryGetProperty("user_aliases", out var aliases) && aliases.ValueKind == JsonValueKind.Array)
        {
            found.AddRange(aliases.EnumerateArray().Select(a => OfAlias(RequestJson.Text(a, "alias_label") ?? "", RequestJson.Text(a, "alias_name") ?? "")));
        }

        if (RequestJson.Text(root, "braze_id") is { } brazeId)
        {
            found.Add(OfBrazeId(brazeId));
        }

        if (RequestJson.Text(root, "email_address") is { } email)
        {
            found.Add(OfValue(email, "email"));
        }

        if (RequestJson.Text(root, "phone") is { } phone)
        {
            found.Add(OfValue(phone, "phone"));
        }

        return found;
    }

    public static Identifier OfExternalId(string externalId) => new(externalId, store => store.Find(UserKey.OfExternalId(externalId)));

    public static Identifier OfAlias(string label, string name) => new(name, store => store.Find(UserKey.OfAlias(label, name)));

    public static Identifier OfBrazeId(string brazeId) => new(brazeId, store => store.TryFindBrazeId(brazeId, out var user) ? user : null);

    public static Identifier OfValue(string value, string attribute) =>
        new(value, store => store.FindByValue(Encoding.UTF8.GetBytes(attribute), Tracking.CanonicalJson.OfText(value)));
}
