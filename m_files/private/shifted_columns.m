function shifted = shifted_columns(z)
  % Each column less its largest, finite: an infinity times a target of 0 would be NaN.
  shifted = max(z - max(z, [], 1), -realmax(class(z)));
end
