function [low, high] = channel_range(w, axis)
  % Smallest and largest value, 0 among them, of W or of each channel along dimension AXIS.
  if isempty(axis)
    w = [0; w(:)];
    along = 1;
  elseif axis == 1
    w = [zeros(rows(w), 1), w];
    along = 2;
  else
    w = [zeros(1, columns(w)); w];
    along = 1;
  end
  low = min(w, [], along);
  high = max(w, [], along);
end
