using System.Buffers.Text;
using System.Runtime.InteropServices;
using System.Text;
using CustomerInsights.Sandbox.Control;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Applying;
using CustomerInsights.Sandbox.MicrosoftAdvertising.Listing;

namespace CustomerInsights.Sandbox.MicrosoftAdvertising.Uploading;

/// <summary>One file taking effect: its lists, and what it does with their members.</summary>
internal sealed class BulkRun(MicrosoftAdvertisingSandbox sandbox, BulkUpload upload, RowReader reader, BulkColumns columns)
{
    private readonly Dictionary<long, ListInFile> _lists = [];
    private ListInFile? _latest;
    private ListAction? _action;
    private int _items;

    public required ResultRows Results { get; init; }

    public required InjectedItemErrors Rejections { get; init; }

    private static ReadOnlySpan<byte> ListType => "Customer List"u8;

    private static ReadOnlySpan<byte> ItemType => "Customer List Item"u8;

    private DateTimeOffset Now => upload.File!.DueAt;

    public void TakeRow()
    {
        var type = reader.Field(columns.Type);
        if (type.SequenceEqual(ItemType))
        {
            TakeItem();
        }
        else if (type.SequenceEqual(ListType))
        {
            TakeList();
        }
        else
        {
            Results.Reject(VendorErrors.UnknownRowType);
        }
    }

    /// <summary>Changes the lists, each in one step, in the order in which they stand in the file.</summary>
    public void Apply()
    {
        foreach (var (id, change) in _lists)
        {
            var hashes = CollectionsMarshal.AsSpan(change.Accepted);
            if (change.List is { } list)
            {
                lock (sandbox.Gate)
                {
                    if (change.IsDeleted)
                    {
                        sandbox.Lists.Remove(list);
                    }
                    else if (change.Accepted.Count > 0 || change.Action == ListAction.Replace)
                    {
                        // Replacing removes what there was before, whether or not somebody comes in its place (bulk-service/customer-list).
                        list.Apply(change.Action, hashes, Now);
                    }
                }
            }

            sandbox.Counters.Rows(change.Accepted.Count, change.Rejected);
            Record(change.List?.Id ?? id, change, hashes);
        }
    }

    private void TakeItem()
    {
        var index = _items++;
        var change = FindParent();
        var text = reader.Field(columns.Text);
        if (change is not { Error: null })
        {
            Reject(change, change?.Error is { } code and not VendorErrors.InvalidAudienceId ? code : VendorErrors.InvalidListId);
        }
        else if (!reader.Field(columns.SubType).SequenceEqual("Email"u8))
        {
            Reject(change, VendorErrors.SubType);
        }
        else if (!HashedAddress.TryParse(text, out var hash))
        {
            Reject(change, VendorErrors.NotHashed);
        }
        else if (!Rejections.IsEmpty && Rejections.Find(index, text) is var (code, indexed))
        {
            Reject(change, code, indexed);
        }
        else
        {
            change.Accepted.Add(hash);
            Results.Accept();
        }
    }

    private void Reject(ListInFile? change, int code, bool indexed = true)
    {
        if (change is not null)
        {
            change.Rejected++;
            change.Errors.Add(code);
        }

        Results.Reject(code, indexed);
    }

    private ListInFile? FindParent()
    {
        var field = reader.Field(columns.ParentId);
        if (!Utf8Parser.TryParse(field, out long id, out var used) || used != field.Length)
        {
            return null;
        }

        // Nearly always the list of the row before.
        return _latest is { } latest && latest.IdInFile == id ? latest : _latest = _lists.GetValueOrDefault(id);
    }

    private void TakeList()
    {
        var change = new ListInFile(WireNumber.Parse(Text(columns.Id)) ?? -1 - _lists.Count) { AcceptsTerms = AcceptsTerms() };
        if (!_lists.TryAdd(change.IdInFile, change))
        {
            Results.Reject(VendorErrors.DuplicateAudienceId);
            return;
        }

        lock (sandbox.Gate)
        {
            change.Error = change.IdInFile < 0 ? Create(change) : Change(change);
        }

        if (change.Error is { } code)
        {
            change.Errors.Add(code);
            Results.Reject(code);
        }
        else
        {
            Results.Accept(change.List!.Id);
        }
    }

    private int? Create(ListInFile change)
    {
        // For a new list the action is always Add, whatever the row says.
        change.Action = ListAction.Add;
        var name = Text(columns.Audience)?.Trim();
        var scope = Text(columns.Scope) is { } named ? AudienceRules.ScopeOf(named) : ListScope.Account;
        if ((!AudienceRules.IsName(name) ? VendorErrors.AudienceName
            : scope is null ? VendorErrors.AudienceScope
            : sandbox.Lists.IsTaken(name!, upload.Account, except: null) ? VendorErrors.DuplicateAudienceName
            : ProblemOfRow()) is { } problem)
        {
            return problem;
        }

        change.List = sandbox.Lists.Create(upload.Account, name!, Now);
        change.List.Scope = scope!.Value;
        Describe(change.List);
        return null;
    }

    private int? Change(ListInFile change)
    {
        change.List = sandbox.Lists.Find(change.IdInFile, upload.Account);
        change.IsDeleted = Text(columns.Status) == "Deleted";
        if (change.List is null)
        {
            return VendorErrors.InvalidAudienceId;
        }

        if (change.IsDeleted)
        {
            return null;
        }

        // One action governs the file.
        var action = ApplyItems.ActionOf(Text(columns.ActionType));
        var name = Text(columns.Audience)?.Trim();
        if ((action is null || action != (_action ??= action) ? VendorErrors.Action
            : name is not null && !AudienceRules.IsName(name) ? VendorErrors.AudienceName
            : name is not null && sandbox.Lists.IsTaken(name, upload.Account, change.List) ? VendorErrors.DuplicateAudienceName
            : ProblemOfRow()) is { } problem)
        {
            change.List = null;
            return problem;
        }

        change.Action = action!.Value;
        change.List.Name = name ?? change.List.Name;
        Describe(change.List);
        return null;
    }

    private int? ProblemOfRow() =>
        Text(columns.Duration) is { } days && !(WireNumber.Parse(days) is { } number && AudienceRules.IsDuration((int)Math.Clamp(number, int.MinValue, int.MaxValue))) ? VendorErrors.MembershipDuration
        : !AudienceRules.IsDescription(Text(columns.Description)) ? VendorErrors.AudienceDescription
        : !ApplyItems.TermsAccepted(AcceptsTerms(), upload.Account) ? VendorErrors.Terms
        : null;

    private void Describe(CustomerList list)
    {
        const string Clear = "delete_value";
        list.MembershipDuration = (int?)WireNumber.Parse(Text(columns.Duration)) ?? list.MembershipDuration;
        var description = Text(columns.Description);
        list.Description = description == Clear ? null : description ?? list.Description;
    }

    private bool? AcceptsTerms() => Text(columns.AcceptTerm)?.Equals("true", StringComparison.OrdinalIgnoreCase);

    private string? Text(int column) => reader.Field(column) is { Length: > 0 } field ? Encoding.UTF8.GetString(field) : null;

    private void Record(long listId, ListInFile change, ReadOnlySpan<HashedAddress> hashes) =>
        sandbox.Journal.Add(new MicrosoftAdvertisingEntry(Now, MicrosoftAdvertisingOperations.ProcessBulkFile, "", "", 0)
        {
            CustomerId = upload.Account.CustomerId,
            AccountId = upload.Account.AccountId,
            ListId = listId,
            Action = change.IsDeleted ? "Delete" : change.Action.ToString(),
            RequestId = upload.RequestId,
            AcceptsTerms = change.AcceptsTerms,
            Items = change.Accepted.Count + change.Rejected,
            Accepted = change.Accepted.Count,
            Rejected = change.Rejected,
            Committed = change.List is not null,
            Errors = [.. change.Errors],
            Hashes = sandbox.Settings.Journal >= JournalMode.Ids ? JournalHashes.Encode(hashes) : null,
        });

    /// <summary>A list as the file speaks of it.</summary>
    private sealed class ListInFile(long idInFile)
    {
        public long IdInFile => idInFile;

        /// <summary>Null when the row failed.</summary>
        public CustomerList? List { get; set; }

        public ListAction Action { get; set; }

        public bool IsDeleted { get; set; }

        public int? Error { get; set; }

        /// <summary>What the row said about the terms; null when it was silent.</summary>
        public bool? AcceptsTerms { get; init; }

        public List<HashedAddress> Accepted { get; } = [];

        public int Rejected { get; set; }

        public SortedSet<int> Errors { get; } = [];
    }
}
