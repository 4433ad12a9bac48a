using System.Text.Json;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Finding;

internal sealed record GetUserRequest
{
    public string? UserId { get; init; }
}

/// <summary>POST User/Query: who signed in, and in which roles. Only oneself can be asked about.</summary>
internal static class GetUser
{
    private const int SuperAdministrator = 41;
    private static readonly string[] NullMembers = ["JobTitle", "LastModifiedByUserId", "LastModifiedTime", "Password", "SecretAnswer", "TimeStamp", "AuthenticationToken"];

    public static VendorAnswer Handle(MicrosoftAdvertisingCall call)
    {
        var (request, refusal) = ReadRequest.As(call, SentJson.Default.GetUserRequest);
        if (refusal is { } refused)
        {
            return refused;
        }

        if (request!.UserId is { } wanted && WireNumber.Parse(wanted) != call.User!.UserId)
        {
            return Faults.Whole(call, VendorErrors.UserIsNotAuthorized);
        }

        return JsonAnswers.Write(StatusCodes.Status200OK, call, static (writer, asked) =>
        {
            var roles = asked.User!.AccountIds.Select(asked.Sandbox.FindAccount).OfType<AdAccount>().GroupBy(a => a.CustomerId).ToList();
            writer.WriteStartArray("CustomerRoles"u8);
            foreach (var role in roles)
            {
                WriteRole(writer, role);
            }

            writer.WriteEndArray();
            writer.WriteStartObject("User"u8);
            WriteUser(writer, asked.User!, roles.Count > 0 ? roles[0].Key : 0);
            writer.WriteEndObject();
        });
    }

    private static void WriteRole(Utf8JsonWriter writer, IGrouping<long, AdAccount> role)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("AccountIds"u8);
        foreach (var account in role)
        {
            writer.WriteStringValue(WireNumber.Text(account.AccountId));
        }

        writer.WriteEndArray();
        writer.WriteString("CustomerId"u8, WireNumber.Text(role.Key));
        writer.WriteNull("CustomerLinkPermission"u8);
        writer.WriteNull("LinkedAccountIds"u8);
        writer.WriteNumber("RoleId"u8, SuperAdministrator);
        writer.WriteEndObject();
    }

    private static void WriteUser(Utf8JsonWriter writer, AdUser user, long customerId)
    {
        writer.WriteNull("ContactInfo"u8);
        writer.WriteString("CustomerId"u8, WireNumber.Text(customerId));
        writer.WriteStartArray("ForwardCompatibilityMap"u8);
        writer.WriteEndArray();
        writer.WriteString("Id"u8, WireNumber.Text(user.UserId));
        writer.WriteString("Lcid"u8, "EnglishUS"u8);
        writer.WriteNull("Name"u8);
        writer.WriteString("SecretQuestion"u8, "None"u8);
        writer.WriteString("UserLifeCycleStatus"u8, "Active"u8);
        writer.WriteString("UserName"u8, user.UserName);
        foreach (var name in NullMembers)
        {
            writer.WriteNull(name);
        }
    }
}
