"""The API's authorizer: who holds this token, and what may they do?"""

from chalice.app import AuthRequest, AuthResponse

from chalicelib.store import tokens


def authorize(request: AuthRequest) -> AuthResponse:
    """Let a valid token reach the API, with its scopes, which the routes check; API Gateway answers others with 401."""
    scheme, _, secret = request.token.partition(" ")
    token = tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
    print("authorized" if token else "refused")
    if token is None:
        raise Exception("Unauthorized")  # the very word that API Gateway turns into a 401
    return AuthResponse(
        routes=["/api/v1/*"], principal_id=token.name, context={"scopes": " ".join(sorted(token.scopes))}
    )
