using System.Text.Json;
using CustomerInsights.Sandbox.Braze.Reading;
using CustomerInsights.Sandbox.Control;

namespace CustomerInsights.Sandbox.Braze;

/// <summary>POST /users/delete: up to 50 users by one kind of identifier. Not for leaving a segment; it cannot be undone.</summary>
internal static class DeleteUsers
{
    private const int MaxUsers = 50;
    private static readonly string[] Kinds = ["external_ids", "user_aliases", "braze_ids", "email_addresses", "phone_numbers"];

    public static VendorAnswer Handle(BrazeCall call)
    {
        if (RequestJson.Parse(call.Body) is not { } root)
        {
            return BrazeAnswers.Message(StatusCodes.Status400BadRequest, BrazeMessages.SyntaxError);
        }

        using (root)
        {
            var kinds = Kinds.Where(k => root.RootElement.TryGetProperty(k, out _)).ToList();
            var wanted = Identifiers.Read(root.RootElement);
            wanted.AddRange(ByValue(root.RootElement));
            if (kinds.Count != 1 || wanted.Count is 0 or > MaxUsers)
            {
                return BrazeAnswers.Message(StatusCodes.Status400BadRequest, $"Name 1 to {MaxUsers} users by one kind of identifier.");
            }

            return Delete(call, wanted);
        }
    }

    private static VendorAnswer Delete(BrazeCall call, List<Identifier> wanted)
    {
        var deleted = 0;
        lock (call.Workspace.Gate)
        {
            var users = call.Workspace.Users;
            deleted = wanted.Count(identifier => identifier.Find(users) is { } user && users.Remove(user));
        }

        call.Committed = true;
        call.Workspace.Counters.Deleted(deleted);
        return BrazeAnswers.Write(StatusCodes.Status200OK, deleted, static (writer, count) =>
        {
            writer.WriteNumber("deleted"u8, count);
            writer.WriteString("message"u8, BrazeMessages.Success);
        });
    }

    private static IEnumerable<Identifier> ByValue(JsonElement root)
    {
        if (root.TryGetProperty("email_addresses", out var addresses) && addresses.ValueKind == JsonValueKind.Array)
        {
            foreach (var address in addresses.EnumerateArray())
            {
                yield return Identifiers.OfValue(RequestJson.Text(address, "email") ?? "", "email");
            }
        }

        foreach (var phone in RequestJson.Texts(root, "phone_numbers") ?? [])
        {
            yield return Identifiers.OfValue(phone, "phone");
        }
    }
}
