namespace CustomerInsights.Destinations;

/// <summary>Machine-readable reasons that destinations share: why a row was not delivered, why a run ended.</summary>
public static class Reasons
{
    /// <summary>Row: larger than any request may be.</summary>
    public const string RowTooLarge = "ROW_TOO_LARGE";

    /// <summary>Row: refused, and no better reason is known.</summary>
    public const string Refused = "REFUSED_BY_DESTINATION";

    /// <summary>Run: the destination does not know the credential. Marks the connection.</summary>
    public const string CredentialUnknown = "CREDENTIAL_UNKNOWN";

    /// <summary>Run: the credential lacks a permission. Marks the connection.</summary>
    public const string CredentialForbidden = "CREDENTIAL_FORBIDDEN";

    /// <summary>Run: not reached, or failing, for too long.</summary>
    public const string Unavailable = "DESTINATION_UNAVAILABLE";

    /// <summary>Run: answers were lost too often.</summary>
    public const string AnswerLost = "DESTINATION_ANSWER_LOST";

    /// <summary>Run: the allowance was used up for too long.</summary>
    public const string Throttled = "DESTINATION_THROTTLED";

    /// <summary>Run: the destination refuses the request as such.</summary>
    public const string Misdirected = "DESTINATION_REFUSES_REQUEST";

    /// <summary>Run: the segments hold more people than the destination takes from one export. Skips the run.</summary>
    public const string TooManyMembers = "TOO_MANY_MEMBERS";

    /// <summary>Run: more rows than one file of the destination may have.</summary>
    public const string FileTooLarge = "FILE_TOO_LARGE";

    /// <summary>Run: the destination dropped files for several attempts.</summary>
    public const string FileDropped = "FILE_DROPPED";

    /// <summary>Run: the destination came to no end with an uploaded file.</summary>
    public const string FileStuck = "FILE_STUCK";

    /// <summary>Run: the connection was removed.</summary>
    public const string ConnectionMissing = "CONNECTION_MISSING";

    /// <summary>Run: the members could not be read, and no better reason is known.</summary>
    public const string MembersUnreadable = "MEMBERS_UNREADABLE";

    /// <summary>Run: the connection and the export are of different destinations.</summary>
    public const string SettingsMismatch = "SETTINGS_MISMATCH";

    /// <summary>Run: the connection leads to another account than when the run was opened.</summary>
    public const string AccountChanged = "ACCOUNT_CHANGED";

    /// <summary>Run: another service of this system refuses a call that the run needs.</summary>
    public const string ServiceRefused = "SERVICE_REFUSED";

    /// <summary>Run: another service of this system refuses what is reported; what was delivered is in the ledger.</summary>
    public const string ReportRefused = "REPORT_REFUSED";

    /// <summary>The reason in words, with the remedy; for a reason that is not shared, its name.</summary>
    public static string Explain(string reason) => reason switch
    {
        "" => "",
        RowTooLarge => "The row is larger than a request to the destination may be. Map fewer or shorter fields.",
        Refused => "The destination refused the row without saying why. Compare its fields with what the destination allows.",
        CredentialUnknown => "The destination does not accept the credential of the connection. The state of the connection says why and what to do; after that, verify it.",
        CredentialForbidden => "The credential of the connection lacks a permission at the destination. The state of the connection says which and what to do; after that, verify it.",
        Unavailable => "The destination was out of reach or failing for several attempts. What was sent is remembered; the next run goes on.",
        AnswerLost => "The destination took requests but its answers were lost for several attempts. Everything is sent again by the next run, which is harmless.",
        Throttled => "The destination limited the rate for too long. What was sent is remembered; the next run goes on. Ask for a higher allowance if this repeats.",
        Misdirected => "The destination refuses the request as such. Check the address in the connection and the names in the export; if they are right, report a defect.",
        TooManyMembers => "The segments hold more people than the destination takes from one export. Nothing was sent; choose smaller segments, or spread them over several exports.",
        FileTooLarge => "More rows are to be sent than one file of the destination may have. Choose smaller segments.",
        FileDropped => "The destination dropped the uploaded file for several attempts. Nothing of it took effect; the next run goes on.",
        FileStuck => "The destination has worked on the uploaded file for too long and came to no end. The next run sends it again, which is harmless.",
        ConnectionMissing => "The connection of the export does not exist any more. Choose another one in the export.",
        MembersUnreadable => "The members of the segments could not be read. Check that the segments and the mapped attributes exist.",
        SettingsMismatch => "The export and its connection belong to different destinations. Choose a fitting connection.",
        AccountChanged => "The connection was changed to another account after the run was opened. Nothing was sent; the next run goes to the new account.",
        ServiceRefused => "Another service of this system refused a call of the worker. Check that all services run the same version and know each other.",
        ReportRefused => "The run was done, but its report was refused. What was sent is remembered; the next run goes on. Check that all services run the same version.",
        _ => reason,
    };
}
