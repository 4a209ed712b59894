function bytes = check_bytes(op, argument, bytes)
  % A row of uint8.
  if ~isa(bytes, 'uint8') || ~(isempty(bytes) || numel(bytes) == max(size(bytes)))
    type_error(op, argument, 'be a vector of uint8');
  end
  bytes = reshape(bytes, 1, []);
end
